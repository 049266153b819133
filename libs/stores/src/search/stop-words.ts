/**
 * Words that a sentence needs and a search does not: they are optional, and find nothing alone. Only words without
 * another meaning: neither a technical one (`del`, `bin`, `todo`, `es`, `out` of memory) nor one in another language
 * (`die`, `man` and `son`). Folded.
 */
const STOP_WORDS = `
  a about am an and any anyone are aren as at be because been being both but by can cannot could couldn did didn do does
  doesn doing don for from had hadn has hasn have haven having he her hers herself him himself his how however i if in
  into is isn it its itself just may maybe me might my myself nor not of on or our ours ourselves please quite rather
  really shall she should shouldn so some somebody someone something than that the their theirs them themselves there
  these they this those though thus to too us very was wasn we were weren what whatever when where whether which who
  whom whose why will with won would wouldn yes you your yours yourself
  aber als auch auf aus beim bist damals dann das dass dein deine denn der dich dies diese diesem diesen dieser dieses
  doch dort durch ein eine einem einen einer eines etwas euch fur ganz haben hat hatte hatten ich ihm ihn ihnen ihr ihre
  ihrem ihren immer ist jetzt kann kein keine keinen konnen mein meine mich mir muss nach nicht nichts noch nur ob oder
  schon sehr sein seine sich sie sind uber und uns unser unsere unter vom von warum weil welche welcher wenn wer werden
  wie wieder wir wird wo wurde wurden zu zum zur
  aux avec avons cela cette chez comme comment dans de depuis dont elle elles etait etre eux il ils je les leur
  leurs lui mais moi nos notre nous ont peut pourquoi quand que quel quelle quels qui quoi sont sous toi une vos votre vous
  antes como cual cuando cuanto desde donde ella ellas ellos entre eran esa esas ese eso esos estaba estan estas este esto
  estos fue fueron hasta las los mucho muy nosotros nuestra nuestro otra otro para pero por porque quien segun sido sobre
  sus tambien tanto tiene todos una unas unos usted
  а без бы был была были было быть в вам вас весь во вот все всего вы где да для до его ее если есть еще же за здесь и из
  или им их к как какая какие какой когда ко кто ли мне мы на над надо нам нас не него нее нет но о об он она они оно от
  перед по под после потом потому почему при с сам свой себя со так также там то тоже только том тот ты у уже чего чем
  что чтобы это этого этой этом этот эту я
`;

const KNOWN: ReadonlySet<string> = new Set(STOP_WORDS.trim().split(/\s+/));

/** What an apostrophe leaves of words: `it's`, `don't`, `l'index`. */
const CONTRACTIONS: ReadonlySet<string> = new Set(['c', 'd', 'l', 'll', 'm', 'n', 'qu', 're', 's', 't', 've']);

/** @param word folded */
export function isContraction(word: string): boolean {
  return CONTRACTIONS.has(word);
}

/** @param word folded */
export function isStopWord(word: string): boolean {
  return KNOWN.has(word);
}
