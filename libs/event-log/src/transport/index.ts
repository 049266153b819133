/** The transport that brings a durable consumer's batches to Nest controllers. Only services that project load Nest's microservices. */
export { HandlesBatchesOf, JetStreamStrategy, type StrategyOptions } from './strategy.ts';
