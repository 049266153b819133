// The load of the admission benchmark, apart from the product and from what judges it. Its argument is the load, its output what came of it.
import { offer, type Arrivals } from '../admission/arrivals.ts';

console.log(JSON.stringify(await offer(JSON.parse(process.argv[2]!) as Arrivals)));
