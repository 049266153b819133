// The ceiling of single-event ingest: a bare Fastify handler that publishes the body and answers after the ack.
import { jetstream } from '@nats-io/jetstream';
import { connectLog } from '@opensync/event-log';
import Fastify from 'fastify';

const [servers, subject] = process.argv.slice(2) as [string, string];
const js = jetstream(await connectLog({ servers, name: 'bench-bare' }));
const app = Fastify();
app.post('/', async (request) => ({ sequence: (await js.publish(subject, JSON.stringify(request.body))).seq }));
console.log(await app.listen({ port: 0, host: '127.0.0.1' }));
process.once('SIGTERM', () => process.exit(0));
