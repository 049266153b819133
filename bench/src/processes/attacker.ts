// One attacker of the fairness benchmark. It has the lowest priority: it takes what the machine has left, so that the product is measured
// and not how many cores the attacker takes from it.
import { constants, setPriority } from 'node:os';
import { ATTACKS } from '../fairness/attacks.ts';

const [name, url, key] = process.argv.slice(2) as [string, string, string];
setPriority(constants.priority.PRIORITY_LOW);
await ATTACKS.find((attack) => attack.name === name)!.begin(url, key);
// Sockets that are not read keep no process alive.
setInterval(() => undefined, 60_000);
console.log(`attacking ${url}`);
