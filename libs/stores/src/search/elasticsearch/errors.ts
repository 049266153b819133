import { errors } from '@elastic/elasticsearch';
import { AppError, ConfigError } from '@opensync/platform';
import { StoreUnavailableError, UnfitServerError } from '../../description.ts';

export const INDEX_GONE = 'index_not_found_exception';

/** An error of one row, or of a request, that the server may accept once an operator has fixed the cause. */
export function problemError(problem: { readonly type?: string } | undefined): StoreUnavailableError {
  // Not recreated automatically: an empty index would look as if all were well.
  const message = 'the search store is unavailable: its index is missing; rebuild it with: opensync rebuild search';
  return new StoreUnavailableError('search', { ...(problem?.type === INDEX_GONE && { message }), cause: problem });
}

/** The client's error as one of ours. Retryable unless the request itself was wrong. */
export function storeError(error: unknown): Error {
  if (error instanceof AppError || error instanceof ConfigError) return error;
  if (error instanceof errors.ResponseError) {
    // All requests are ours: a malformed one is a bug, and retrying does not help.
    if (typeOf(error) === INDEX_GONE) return problemError(causeOf(error));
    const isOurFault = error.statusCode === 400 || error.statusCode === 413;
    return isOurFault ? error : new StoreUnavailableError('search', { cause: error });
  }
  // No connection, no answer in time, or an invalid answer. The client repeats Node's message; once is enough.
  if (error instanceof errors.ElasticsearchClientError) {
    return new StoreUnavailableError('search', { cause: error.cause ?? error });
  }
  return error instanceof Error ? error : new Error(String(error));
}

const TLS_PROBLEM = /certificate|SSL|TLS|wrong version number|ALTNAME/i;

/**
 * The same while opening: an error that waiting cannot fix is an UnfitServerError.
 * @param location the server's URL without credentials
 */
export function openingError(error: unknown, location: string): Error {
  if (error instanceof errors.ProductNotSupportedError) {
    return new UnfitServerError(`ELASTICSEARCH_URL: the server at ${location} is not Elasticsearch`);
  }
  if (error instanceof errors.ConnectionError && TLS_PROBLEM.test(error.message)) {
    return new UnfitServerError(
      `ELASTICSEARCH_URL: the TLS connection to ${location} failed (${error.message}); ` +
        'check http:// or https://, and set NODE_EXTRA_CA_CERTS to the certificate authority of that server',
    );
  }
  if (error instanceof errors.ResponseError) {
    const type = typeOf(error);
    if (error.statusCode === 401) {
      return new UnfitServerError(
        `ELASTICSEARCH_API_KEY: ${location} rejects requests without valid credentials; set a valid API key, or a user and ` +
          'password in ELASTICSEARCH_URL',
      );
    }
    if (error.statusCode === 403) {
      return new UnfitServerError(
        `ELASTICSEARCH_API_KEY: the credentials have no permission for this at ${location}: ${serverReasonOf(error)}; they need the cluster privilege ` +
          '`monitor` and the privilege `all` on the indexes `opensync-*`',
      );
    }
    if (type === 'media_type_header_exception') {
      return new UnfitServerError(`ELASTICSEARCH_URL: the server at ${location} is too old; use Elasticsearch 9`);
    }
    if (error.statusCode === 404 && error.headers?.['x-elastic-product'] === undefined) {
      return new UnfitServerError(`ELASTICSEARCH_URL: the server at ${location} is not Elasticsearch`);
    }
  }
  return storeError(error);
}

export function typeOf(error: errors.ResponseError): string | undefined {
  return causeOf(error)?.type;
}

/** The server's own words. */
function serverReasonOf(error: errors.ResponseError): string {
  return causeOf(error)?.reason ?? error.message;
}

function causeOf(error: errors.ResponseError): { readonly type?: string; readonly reason?: string } | undefined {
  const { error: cause } = (error.body ?? {}) as { error?: unknown };
  return typeof cause === 'object' && cause !== null ? cause : undefined;
}
