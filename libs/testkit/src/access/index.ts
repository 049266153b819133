export { TARGETS, type AccessRow, type AccessRows, type Target } from './rows.ts';
export { actualOutcomes, expectedOutcomes } from './verdict.ts';
export { createAccessWorld, RULES, type AccessWorld, type Member, type People, type Rule } from './world.ts';
export { pathOfPublic, viewsOfOthers } from './others.ts';
export { send } from './send.ts';
export { renderAccessMatrix } from './render.ts';
