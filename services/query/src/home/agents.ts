/** How an agent is connected, by a third-party plugin that works with this server unmodified. */
export interface Agent {
  readonly name: string;
  readonly plugin: string;
  /** Where its source and its instructions are. */
  readonly repository: string;
  /** A sentence before the commands; it names the plugin. */
  readonly intro: string;
  /** @param url of this server */
  readonly commands: (url: string) => string;
}

const KEY = 'osk_…';

/**
 * Only the first plugin is known to be in the npm registry. The others are installed from their repositories, because
 * anybody could register a free name.
 */
export const AGENTS: readonly Agent[] = [
  {
    name: 'Claude Code',
    plugin: 'claude-code-sync',
    repository: 'https://github.com/waynesutton/claude-code-sync',
    intro: 'claude-code-sync sends sessions as you work. In the shell that you start Claude Code from:',
    commands: (url) => `npm install -g claude-code-sync
export CLAUDE_SYNC_CONVEX_URL=${url}
export CLAUDE_SYNC_API_KEY=${KEY}
claude-code-sync setup
claude-code-sync synctest     # sends a first session`,
  },
  {
    name: 'OpenCode',
    plugin: 'opencode-sync-plugin',
    repository: 'https://github.com/waynesutton/opencode-sync-plugin',
    intro: 'Install opencode-sync-plugin from its repository and name it in opencode.json. Then log in:',
    commands: (url) => `opencode-sync login
# Convex URL: ${url}
# API Key:    ${KEY}`,
  },
  {
    name: 'Codex',
    plugin: 'codex-sync',
    repository: 'https://github.com/waynesutton/codex-sync-plugin',
    intro: 'Install codex-sync from its repository. Then log in and send your sessions:',
    commands: (url) => `codex-sync login
# Convex URL: ${url}
# API Key:    ${KEY}
codex-sync sync`,
  },
  {
    name: 'Cursor',
    plugin: 'cursor-opensync-plugin',
    repository: 'https://github.com/waynesutton/cursor-cli-sync-plugin',
    intro: 'Install cursor-opensync-plugin from its repository. Then log in and send your sessions:',
    commands: (url) => `cursor-sync login
# Convex URL: ${url}
# API Key:    ${KEY}
cursor-sync sync`,
  },
  {
    name: 'Droid',
    plugin: 'droid-sync',
    repository: 'https://github.com/yemyat/droid-sync-plugin',
    intro: 'Install droid-sync from its repository. Then, in the shell that you start Droid from:',
    commands: (url) => `export DROID_SYNC_CONVEX_URL=${url}
export DROID_SYNC_API_KEY=${KEY}
droid-sync verify`,
  },
  {
    name: 'Pi',
    plugin: 'pi-opensync-plugin',
    repository: 'https://github.com/joshuadavidthomas/pi-opensync-plugin',
    intro: 'pi-opensync-plugin is an extension of Pi. In the shell that you start Pi from:',
    commands: (url) => `pi install https://github.com/joshuadavidthomas/pi-opensync-plugin
export PI_OPENSYNC_CONVEX_URL=${url}
export PI_OPENSYNC_API_KEY=${KEY}`,
  },
];
