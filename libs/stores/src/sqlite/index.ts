export { SqliteDatabase, workerEntry, type OpenDatabase } from './database.ts';
