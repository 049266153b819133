export { openApiDocument } from './document.ts';
export { routeOf, type ApiAnswer, type ApiParameter, type ApiRoute, type JsonSchema } from './route.ts';
export { amount, count, errorSchema, named, time } from './schemas.ts';
export { assertDocumented } from './assert-documented.ts';
