import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import type { Principal } from '@opensync/contracts';
import type { JobCommand, JobReport } from '@opensync/event-log/jobs';
import { Access, Caller } from '@opensync/platform/http';
import { recordOperation } from '../operator/record-operation.ts';
import { QueryResources } from '../resources.ts';

/** The scheduled jobs of this installation. */
@Controller('api/jobs')
export class JobsController {
  readonly #resources: QueryResources;

  constructor(@Inject(QueryResources) resources: QueryResources) {
    this.#resources = resources;
  }

  @Get()
  @Access('operate')
  async list(): Promise<{ jobs: readonly JobReport[] }> {
    return { jobs: await this.#resources.jobs.read() };
  }

  @Post(':name/run')
  @HttpCode(202)
  @Access('operate')
  run(@Caller() caller: Principal, @Param('name') name: string): Promise<JobReport> {
    return this.#tell(caller, name, 'run');
  }

  @Post(':name/pause')
  @HttpCode(200)
  @Access('operate')
  pause(@Caller() caller: Principal, @Param('name') name: string): Promise<JobReport> {
    return this.#tell(caller, name, 'pause');
  }

  @Post(':name/resume')
  @HttpCode(200)
  @Access('operate')
  resume(@Caller() caller: Principal, @Param('name') name: string): Promise<JobReport> {
    return this.#tell(caller, name, 'resume');
  }

  async #tell(caller: Principal, name: string, command: JobCommand): Promise<JobReport> {
    const { jobs, logger } = this.#resources;
    const job = await jobs.command(name, command);
    recordOperation(logger, caller, 'job', { job: job.name, command });
    return job;
  }
}
