// Preloaded by `npm run dev`. A file that does not compile ends the process with what is wrong with it.
import { compileOnLoad } from './compile-on-load.mjs';

compileOnLoad((message) => {
  console.error(message);
  process.exit(1);
});
