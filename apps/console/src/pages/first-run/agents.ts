export interface Agent {
  readonly name: string;
  readonly intro: string;
  /** Where its plugin and the plugin's instructions are. */
  readonly repository: string;
  /** @param url of the server @param key of a plugin, or what stands for one */
  readonly commands: (url: string, key: string) => string;
}

/** Stands for a key that is not known here. */
export const NO_KEY = 'osk_…';

/** As in services/query/src/home/agents.ts: third-party plugins that work with this server unmodified. A spec compares them. */
export const AGENTS: readonly Agent[] = [
  {
    name: 'Claude Code',
    intro: 'In the shell that you start Claude Code from:',
    repository: 'https://github.com/waynesutton/claude-code-sync',
    commands: (url, key) => `npm install -g claude-code-sync
export CLAUDE_SYNC_CONVEX_URL=${url}
export CLAUDE_SYNC_API_KEY=${key}
claude-code-sync setup
claude-code-sync synctest     # sends a first session`,
  },
  {
    name: 'OpenCode',
    intro: 'Install opencode-sync-plugin from its repository and name it in opencode.json. Then log in:',
    repository: 'https://github.com/waynesutton/opencode-sync-plugin',
    commands: (url, key) => `opencode-sync login
# Convex URL: ${url}
# API Key:    ${key}`,
  },
  {
    name: 'Codex',
    intro: 'Install codex-sync from its repository. Then log in and send your sessions:',
    repository: 'https://github.com/waynesutton/codex-sync-plugin',
    commands: (url, key) => `codex-sync login
# Convex URL: ${url}
# API Key:    ${key}
codex-sync sync`,
  },
  {
    name: 'Cursor',
    intro: 'Install cursor-opensync-plugin from its repository. Then log in and send your sessions:',
    repository: 'https://github.com/waynesutton/cursor-cli-sync-plugin',
    commands: (url, key) => `cursor-sync login
# Convex URL: ${url}
# API Key:    ${key}
cursor-sync sync`,
  },
  {
    name: 'Droid',
    intro: 'Install droid-sync from its repository. Then, in the shell that you start Droid from:',
    repository: 'https://github.com/yemyat/droid-sync-plugin',
    commands: (url, key) => `export DROID_SYNC_CONVEX_URL=${url}
export DROID_SYNC_API_KEY=${key}
droid-sync verify`,
  },
  {
    name: 'Pi',
    intro: 'pi-opensync-plugin is an extension of Pi. In the shell that you start Pi from:',
    repository: 'https://github.com/joshuadavidthomas/pi-opensync-plugin',
    commands: (url, key) => `pi install https://github.com/joshuadavidthomas/pi-opensync-plugin
export PI_OPENSYNC_CONVEX_URL=${url}
export PI_OPENSYNC_API_KEY=${key}`,
  },
];
