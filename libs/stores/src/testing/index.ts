export { scriptedMongo, type ScriptedAnswer, type ScriptedMongo } from './scripted-mongo.ts';
