export { calendarOf, type Calendar, type ZoneFrom } from './calendar.ts';
export { EDITIONS, editionNamed, editionOf, type Edition, type WrappedPeriod } from './editions.ts';
export { readSummary, type SummaryScope } from './read-summary.ts';
export { readDays } from './read-days.ts';
export { summaryText } from './markdown.ts';
export type { Comparison, DayLine, RankedName, RankedTool, WrappedSummary } from './summary.ts';
export { designOf, DESIGNS, PICTURES_VERSION, renderPicture, type DesignName } from './pictures/render.ts';
export { SIZES, THEMES, type PictureSize, type Theme } from './pictures/frame.ts';
