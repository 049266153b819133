export { SqliteDatabase, type OpenDatabase } from './database.ts';
