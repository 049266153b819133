import { parseAnsi } from './ansi.ts';

const E = '\u001b';

it.each([
  ['plain', [{ text: 'plain' }]],
  [`${E}[31mred${E}[0m after`, [{ text: 'red', color: 1 }, { text: ' after' }]],
  [
    `${E}[1;92mok${E}[22m thin`,
    [
      { text: 'ok', color: 10, isBold: true },
      { text: ' thin', color: 10 },
    ],
  ],
  [`${E}[38;5;196mx${E}[39my`, [{ text: 'x', color: '#ff0000' }, { text: 'y' }]],
  [`${E}[38;2;1;2;300mx`, [{ text: 'x', color: '#0102ff' }]],
  [`${E}[48;5;17mx`, [{ text: 'x' }]],
  [`a${E}[2K${E}[1Gb`, [{ text: 'a' }, { text: 'b' }]],
  [`${E}]8;;https://x${E}\\link${E}]8;;${E}\\`, [{ text: 'link' }]],
  ['10%\r50%\r100%\ndone', [{ text: '100%\ndone' }]],
  ['bell\u0007', [{ text: 'bell' }]],
])('reads %j', (text, runs) => {
  expect(parseAnsi(text)).toEqual(runs);
});
