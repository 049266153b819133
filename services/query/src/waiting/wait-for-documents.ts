import { Inject, Injectable } from '@nestjs/common';
import { WaitForSequence } from '@opensync/platform/http';
import { RESOURCES, type QueryResources } from '../resources.ts';

/** For what is read from the documents alone. */
@Injectable()
export class WaitForDocuments extends WaitForSequence {
  constructor(@Inject(RESOURCES) resources: QueryResources) {
    super((sequence, timeoutMs) => resources.progress.waitFor(sequence, timeoutMs));
  }
}
