import { WHOLE_IN_HEAD } from '@opensync/contracts';
import { textHeadOf } from './heads.ts';

describe('a head', () => {
  it.each(['a', '\0', '漢', '\ud800'])(
    'holds a text of %j in full up to the length that folds rely on',
    (character) => {
      expect(textHeadOf(character.repeat(WHOLE_IN_HEAD))).toBeUndefined();
    },
  );
});
