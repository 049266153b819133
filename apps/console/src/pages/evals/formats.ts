/** Formats of an export, as a person chooses them. */
export const FORMATS = [
  { group: 'For evaluations', name: 'deepeval', title: 'DeepEval' },
  { group: 'For evaluations', name: 'openai', title: 'openai/evals' },
  { group: 'For evaluations', name: 'openai-api', title: 'Evals API of OpenAI' },
  { group: 'For evaluations', name: 'promptfoo', title: 'promptfoo' },
  { group: 'For evaluations', name: 'ragas', title: 'Ragas' },
  { group: 'For evaluations', name: 'langsmith', title: 'LangSmith' },
  { group: 'For evaluations', name: 'inspect', title: 'Inspect AI' },
  { group: 'For training', name: 'chat', title: 'Messages with tool calls' },
  { group: 'For training', name: 'sharegpt', title: 'ShareGPT' },
  { group: 'For training', name: 'atif', title: 'ATIF, without loss' },
  { group: 'For people and programs', name: 'json', title: 'JSON, a session each' },
  { group: 'For people and programs', name: 'jsonl', title: 'JSON lines, a message each' },
  { group: 'For people and programs', name: 'markdown', title: 'Markdown' },
  { group: 'For people and programs', name: 'html', title: 'HTML' },
  { group: 'For people and programs', name: 'csv', title: 'CSV, a table of the sessions' },
  { group: 'For people and programs', name: 'filesystem', title: 'ZIP with a Markdown file each' },
] as const;

export const FORMAT_GROUPS = [...new Set(FORMATS.map(({ group }) => group))];
