export { FiguresProjection, NO_DIGEST } from './figures-projection.ts';
export { keepFigures, type FiguresKeeper } from './keep-figures.ts';
