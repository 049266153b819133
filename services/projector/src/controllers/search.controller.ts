import { Controller, Inject } from '@nestjs/common';
import { Ctx, Payload } from '@nestjs/microservices';
import { CONSUMER, type BatchContext, type BatchOutcome, type Delivery } from '@opensync/event-log';
import { HandlesBatchesOf } from '@opensync/event-log/transport';
import type { DocumentStore } from '@opensync/stores';
import { indexChanges } from '../indexing/changed-documents.ts';
import type { DocumentIndex } from '../indexing/document-index.ts';
import { searchIndex } from '../indexing/search-index.ts';
import { ProjectorResources } from '../resources.ts';
import { CHANGES_PER_BATCH } from './changes-per-batch.ts';

/** CHANGES → full-text index. */
@Controller()
export class SearchController {
  readonly #documents: DocumentStore;
  readonly #index: DocumentIndex;

  constructor(@Inject(ProjectorResources) { documents, payloads, roles }: ProjectorResources) {
    this.#documents = documents;
    this.#index = searchIndex(roles.search!.search, payloads);
  }

  @HandlesBatchesOf(CONSUMER.search, { maxBatch: CHANGES_PER_BATCH })
  handle(@Payload() batch: readonly Delivery[], @Ctx() context: BatchContext): Promise<BatchOutcome> {
    return indexChanges(batch, this.#documents, this.#index, context);
  }
}
