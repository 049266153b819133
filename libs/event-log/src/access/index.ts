export { AccessLog, type AccessLogOptions } from './access-log.ts';
export { openAccessLog } from './open-access-log.ts';
export {
  readAccessLog,
  type AccessPage,
  type AccessPlace,
  type AccessQuery,
  type LoggedRequest,
} from './read-access-log.ts';
