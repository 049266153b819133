// Reports what runs it, and exits with what asked it to.
const forever = setInterval(() => undefined, 1000);
const end = (code: number) => {
  clearInterval(forever);
  process.exit(code);
};
process.on('SIGTERM', () => end(3));
process.once('disconnect', () => end(4));
process.stdout.write(`${JSON.stringify({ node: process.execPath, pid: process.pid, args: process.argv.slice(2) })}\n`);
