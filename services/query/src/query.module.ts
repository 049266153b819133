import { Module, type DynamicModule } from '@nestjs/common';
import { DocumentsProgress } from '@opensync/platform/http';
import { AnalyticsController } from './analytics/analytics.controller.ts';
import { AuditController } from './audit/audit.controller.ts';
import { OpenApiController } from './api/openapi.controller.ts';
import { ConsoleController } from './console/console.controller.ts';
import { ContextController } from './context/context.controller.ts';
import { ExportController } from './export/export.controller.ts';
import { ErasureController } from './erasure/erasure.controller.ts';
import { DocsController } from './docs/docs.controller.ts';
import { CurationController } from './curation/curation.controller.ts';
import { HomeController } from './home/home.controller.ts';
import { JobsController } from './jobs/jobs.controller.ts';
import { LiveController } from './live/live.controller.ts';
import { LogsController } from './logs/logs.controller.ts';
import { McpController } from './mcp/mcp.controller.ts';
import { MediaController } from './media/media.controller.ts';
import { PublicController } from './public/public.controller.ts';
import { LettersController } from './operator/letters.controller.ts';
import { OperatorController } from './operator/operator.controller.ts';
import { ReceiptsController } from './receipts/receipts.controller.ts';
import { QueryResources } from './resources.ts';
import { SearchController } from './search/search.controller.ts';
import { ContentController } from './sessions/content.controller.ts';
import { SearchSessionController } from './sessions/search-session.controller.ts';
import { SessionsController } from './sessions/sessions.controller.ts';
import { UsageController } from './usage/usage.controller.ts';
import { WrappedController } from './wrapped/wrapped.controller.ts';

@Module({})
class QueryModule {}

/** The read API. */
export function queryModule(resources: QueryResources): DynamicModule {
  const progress: DocumentsProgress = {
    waitFor: (sequence, timeoutMs) => resources.progress.waitFor(sequence, timeoutMs),
  };
  return {
    module: QueryModule,
    controllers: [
      HomeController,
      ConsoleController,
      OpenApiController,
      AuditController,
      CurationController,
      ErasureController,
      SessionsController,
      PublicController,
      SearchSessionController,
      ContentController,
      MediaController,
      ExportController,
      SearchController,
      ContextController,
      McpController,
      AnalyticsController,
      WrappedController,
      ReceiptsController,
      LiveController,
      LogsController,
      UsageController,
      OperatorController,
      LettersController,
      JobsController,
      DocsController,
    ],
    providers: [
      { provide: QueryResources, useValue: resources },
      { provide: DocumentsProgress, useValue: progress },
    ],
  };
}
