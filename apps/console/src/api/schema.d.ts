// From services/query/openapi.json, by npm run generate.
export interface paths {
  readonly '/': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Open the console; as JSON: see whether the server is healthy */
    readonly get: operations['get'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/analytics': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Amounts over the sessions that the caller may see, in groups
     * @description Days and hours of any time zone; models, providers, sources, projects, users and tools, the largest first.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly get: operations['getApiAnalytics'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/audit': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Ask which sessions have to be sent again
     * @description Compares the sessions that a client has with the stored ones of the same user.
     *
     *     Needs a key with the scope `ingest` or `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly post: operations['postApiAudit'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/context': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Get passages of sessions for a prompt
     * @description Passages that help with a prompt, without copies, over several sessions, packed into a number of tokens, each with a citation.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiContext'];
    readonly put?: never;
    /**
     * Get passages of sessions for a long prompt
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly post: operations['postApiContext'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/erasures/{id}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Read how far an erasure is, and its certificate
     * @description For anybody who has the id.
     */
    readonly get: operations['getApiErasuresById'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/export': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Export sessions as a file
     * @description The type of the file depends on `format`. A file that fits into one piece has its totals in the headers `X-Export-Sessions` and `X-Export-TestCases`, a longer one in trailers of these names; one without trailers was cut off.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiExport'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/export/evals': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Export sessions as a file, under the name of the original OpenSync
     * @description The same as `GET /api/export`.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiExportEvals'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/invitations': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List open invitations
     * @description Needs a key with the scope `admin` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiInvitations'];
    readonly put?: never;
    /**
     * Invite somebody to the workspace
     * @description Needs a key with the scope `admin` of a user with the role `owner`, `admin`.
     */
    readonly post: operations['postApiInvitations'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/invitations/{id}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    readonly post?: never;
    /**
     * Withdraw an invitation
     * @description Needs a key with the scope `admin` of a user with the role `owner`, `admin`.
     */
    readonly delete: operations['deleteApiInvitationsById'];
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/jobs': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List the scheduled jobs
     * @description Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiJobs'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/jobs/{name}/pause': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Pause a job
     * @description It does not start by itself any more. A run in progress ends as usual.
     *
     *     Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly post: operations['postApiJobsByNamePause'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/jobs/{name}/resume': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Resume a job
     * @description What was due meanwhile is not run; the next run covers it.
     *
     *     Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly post: operations['postApiJobsByNameResume'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/jobs/{name}/run': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Run a job now
     * @description It begins soon, also if it is paused.
     *
     *     Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly post: operations['postApiJobsByNameRun'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/keys': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List API keys
     * @description Valid ones first, then newest first.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly get: operations['getApiKeys'];
    readonly put?: never;
    /**
     * Create an API key
     * @description Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly post: operations['postApiKeys'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/keys/{id}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    readonly post?: never;
    /**
     * Revoke an API key
     * @description Owners and admins also revoke those of other members.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly delete: operations['deleteApiKeysById'];
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/keys/{id}/rotate': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Replace an API key
     * @description The new key has the name, the scopes and the expiry of the former one, which stays valid for a while.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly post: operations['postApiKeysByIdRotate'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/live': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Follow what changes
     * @description Server-sent events: `session`, `message`, `gone` and `receipt`, besides `ready`, `position` and `reset`. Send the last `id` as `Last-Event-ID` to continue there.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiLive'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/logs': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List API requests
     * @description Newest first. Members see their own requests; owners and admins of the workspace, with an `admin` key, see those of all members. An entry appears about a second after its request.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly get: operations['getApiLogs'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/me': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    readonly post?: never;
    /**
     * Erase everything of the caller in the workspace
     * @description It cannot be undone. It is hidden at once, and erased within half an hour. Keys and logins end with the answer.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly delete: operations['deleteApiMe'];
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/members': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List the members of the workspace
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiMembers'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/members/{id}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    readonly post?: never;
    /**
     * Remove a member
     * @description Keys and logins of the member end. Sessions stay stored.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`.
     */
    readonly delete: operations['deleteApiMembersById'];
    readonly options?: never;
    readonly head?: never;
    /**
     * Change the role of a member
     * @description Only an owner makes or changes an owner, and the last owner stays one.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`.
     */
    readonly patch: operations['patchApiMembersById'];
    readonly trace?: never;
  };
  readonly '/api/operator/backups': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List backups and rehearsals
     * @description As they were recorded in the log when they ended; whether the files are still there, only their folder says.
     *
     *     Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiOperatorBackups'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/dead-letters': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List what could not be processed
     * @description Oldest first.
     *
     *     Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiOperatorDeadLetters'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/dead-letters/{id}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Read a dead letter
     * @description Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiOperatorDeadLettersById'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/dead-letters/drop': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Delete dead letters for good
     * @description Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly post: operations['postApiOperatorDeadLettersDrop'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/dead-letters/replay': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Process dead letters again
     * @description One after the other, for up to 20 seconds. Those that are processed are gone.
     *
     *     Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly post: operations['postApiOperatorDeadLettersReplay'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/documents': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List documents of a user
     * @description Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiOperatorDocuments'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/documents/{id}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Read a document in every store, with the events it comes from
     * @description Each value names the event that set it.
     *
     *     Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiOperatorDocumentsById'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/events/{sequence}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Read an event of the log
     * @description Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiOperatorEventsBySequence'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/generations': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List the generations of each store, and how far a rebuild is
     * @description Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiOperatorGenerations'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/owners': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List the users of each workspace
     * @description Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiOperatorOwners'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/processes': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List the processes, with what they have counted
     * @description Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiOperatorProcesses'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/settings': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List the settings of each process
     * @description Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiOperatorSettings'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/operator/status': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Ask how the log, its consumers and the stores are
     * @description The same as `opensync status --json`.
     *
     *     Needs a key with the scope `operator` of a user with the role `owner`, `admin`.
     */
    readonly get: operations['getApiOperatorStatus'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/projections': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Ask how far each projection is
     * @description For everybody: what is read from a projection is as old as this says.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly get: operations['getApiProjections'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/receipts/{sequence}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Ask how far a write has come
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiReceiptsBySequence'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/review': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List the sessions that wait for a verdict
     * @description Oldest first: those that are `evalReady` and have no `evalStatus`, and those with the status `needs_review`.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiReview'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/search': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Search sessions
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiSearch'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/sessions': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List sessions
     * @description Newest first. The filters are combined with "and".
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiSessions'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/sessions/{id}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Read a session with its messages
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiSessionsById'];
    readonly put?: never;
    readonly post?: never;
    /**
     * Delete a session
     * @description Hides it at once, and deletes it from documents, indexes and payloads after a day, or at once with `permanent=true`; the receipt of the write shows how far that is.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`.
     */
    readonly delete: operations['deleteApiSessionsById'];
    readonly options?: never;
    readonly head?: never;
    /**
     * Edit, judge, share or publish a session
     * @description Changes the named fields, null takes a value back. `isPublic: true` takes a snapshot and answers with its new link. Without `If-Match`, the last writer of a field wins.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`.
     */
    readonly patch: operations['patchApiSessionsById'];
    readonly trace?: never;
  };
  readonly '/api/sessions/{id}/media/{sha256}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Read the bytes of an image or file
     * @description Supports `Range` and `If-None-Match`.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiSessionsByIdMediaBySha256'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/sessions/{id}/messages/{messageId}/content': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Read what a page with `preview` shows cut
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiSessionsByIdMessagesByMessageIdContent'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/sessions/{id}/outline': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Outline the messages of a session, without their bodies
     * @description One array for each property of the messages; the same index is the same message.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiSessionsByIdOutline'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/sessions/{id}/restore': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Take a session out of the trash
     * @description Within a day after its deletion, unless that was permanent.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`.
     */
    readonly post: operations['postApiSessionsByIdRestore'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/sessions/{id}/search': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Search within a session
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiSessionsByIdSearch'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/sessions/bulk': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Run one command for several sessions
     * @description For a list of ids, or for those of the caller’s own sessions that a filter finds, newest first.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`.
     */
    readonly post: operations['postApiSessionsBulk'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/sessions/get': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Read a session, in the form of the original OpenSync
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getApiSessionsGet'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/stats': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Totals over the sessions that the caller may see
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly get: operations['getApiStats'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/trash': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List the sessions that can be restored
     * @description Of the caller, the one first that will be deleted for good first.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`.
     */
    readonly get: operations['getApiTrash'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/usage': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Ask what the workspace has used today
     * @description The requests, events and bytes of this day of UTC, in all processes together, and what the workspace may use. Asking counts for nothing.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly get: operations['getApiUsage'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/wrapped': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List the last days with what happened on them
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly get: operations['getApiWrapped'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/api/wrapped/{date}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Sum up a day, week, month or year
     * @description With `.md` behind the date as Markdown, with `.png` as a picture. It is computed from the same sums as statistics, so late sessions count.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly get: operations['getApiWrappedByDate'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/app': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Open a page of the console */
    readonly get: operations['getApp'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/app/{page}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Open a page of the console */
    readonly get: operations['getAppByPage'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/app/{page}/{id}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Open a page of the console */
    readonly get: operations['getAppByPageById'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/app/{page}/{id}/{part}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Open a page of the console */
    readonly get: operations['getAppByPageByIdByPart'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/callback/{provider}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Finish a login at an identity provider */
    readonly get: operations['getAuthCallbackByProvider'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/connect': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Let the caller also log in at an identity provider
     * @description With a cookie only. The caller then logs in at the provider, which proves that both are the same person.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly post: operations['postAuthConnect'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/invitation': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /** Ask what an invitation is for */
    readonly post: operations['postAuthInvitation'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/invitation/join': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Accept an invitation as the caller
     * @description With a cookie, the answer has that of a login to the workspace of the invitation.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly post: operations['postAuthInvitationJoin'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/login': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** The page on which people log in */
    readonly get: operations['getAuthLogin'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/login.js': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** The script of the login page */
    readonly get: operations['getAuthLoginJs'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/login/invitation': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Accept an invitation as a new user
     * @description Somebody who is a user already logs in first, and calls `POST /auth/invitation/join`.
     */
    readonly post: operations['postAuthLoginInvitation'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/login/key': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Log in with the key of the Authorization header
     * @description Answers with the cookie of a new login, which may do what the key may do and ends with it. An earlier login of the same browser ends.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly post: operations['postAuthLoginKey'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/login/link': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /** Log in with the token of a link, once */
    readonly post: operations['postAuthLoginLink'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/login/provider': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Begin a login at an identity provider
     * @description The answer has a cookie that lets only this browser finish the login.
     */
    readonly post: operations['postAuthLoginProvider'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/logins': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List where the caller is logged in
     * @description A key, and a login with one, reach the logins to the workspace of the key.
     *
     *     Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly get: operations['getAuthLogins'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/logins/{id}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    readonly post?: never;
    /**
     * End a login of the caller
     * @description Needs a key with the scope `admin` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly delete: operations['deleteAuthLoginsById'];
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/logout': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Log out
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly post: operations['postAuthLogout'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/providers': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** List the identity providers that people can log in at */
    readonly get: operations['getAuthProviders'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/session': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Ask who the caller is
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly get: operations['getAuthSession'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/auth/workos/webhook': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Hear from WorkOS about users, organizations and sessions
     * @description Needs the header `WorkOS-Signature`.
     */
    readonly post: operations['postAuthWorkosWebhook'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/docs': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Read the documentation: all pages */
    readonly get: operations['getDocs'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/docs/{page}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * A page of the documentation
     * @description As Markdown for `Accept: text/markdown`, too.
     */
    readonly get: operations['getDocsByPage'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/docs/adr/{page}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * A decision about the architecture
     * @description As Markdown for `Accept: text/markdown`, too.
     */
    readonly get: operations['getDocsAdrByPage'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/docs/api': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Read this document as a page */
    readonly get: operations['getDocsApi'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/docs/runbooks/{page}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * What an alert means, and what to do
     * @description As Markdown for `Accept: text/markdown`, too.
     */
    readonly get: operations['getDocsRunbooksByPage'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/docs/search': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Search the documentation of OpenSync
     * @description By words and by meaning, section by section. Any key will do.
     *
     *     Needs a key with the scope `read` or `ingest` of a user with the role `owner`, `admin`, `member`, `viewer`, `analyst`.
     */
    readonly get: operations['getDocsSearch'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/health': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Ask whether the process answers */
    readonly get: operations['getHealth'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/livez': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Ask whether the process should be restarted (`503`) */
    readonly get: operations['getLivez'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/llms.txt': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** List the pages of the documentation for agents */
    readonly get: operations['getLlmsTxt'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/mcp': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Call tools with the Model Context Protocol
     * @description Streamable HTTP without sessions, for the revision 2026-07-28 and earlier ones.
     *
     *     Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly post: operations['postMcp'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/openapi.json': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Read this document */
    readonly get: operations['getOpenapiJson'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/public/{slug}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Read a session that its owner made public
     * @description As a page, or as JSON for an `Accept` that prefers it.
     */
    readonly get: operations['getPublicBySlug'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/readyz': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /** Ask whether the process can take requests (`503`: not now) */
    readonly get: operations['getReadyz'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/s/{slug}': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * Read a session that its owner made public
     * @description As a page, or as JSON for an `Accept` that prefers it.
     */
    readonly get: operations['getSBySlug'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/search': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Search sessions with a long query
     * @description Needs a key with the scope `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly post: operations['postSearch'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/sync/batch': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Store several sessions and messages
     * @description Needs a key with the scope `ingest` of a user with the role `owner`, `admin`, `member`.
     */
    readonly post: operations['postSyncBatch'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/sync/message': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Store a message with its parts
     * @description Creates its session if that is unknown.
     *
     *     Needs a key with the scope `ingest` of a user with the role `owner`, `admin`, `member`.
     */
    readonly post: operations['postSyncMessage'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/sync/metadata': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Ask which of these sessions and messages are stored, and with which numbers
     * @description Needs a key with the scope `ingest` or `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly post: operations['postSyncMetadata'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/sync/session': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly get?: never;
    readonly put?: never;
    /**
     * Store a session, or some of its fields
     * @description Needs a key with the scope `ingest` of a user with the role `owner`, `admin`, `member`.
     */
    readonly post: operations['postSyncSession'];
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
  readonly '/sync/sessions/list': {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    /**
     * List the ids of the sessions that are stored
     * @description Needs a key with the scope `ingest` or `read` of a user with the role `owner`, `admin`, `member`, `viewer`.
     */
    readonly get: operations['getSyncSessionsList'];
    readonly put?: never;
    readonly post?: never;
    readonly delete?: never;
    readonly options?: never;
    readonly head?: never;
    readonly patch?: never;
    readonly trace?: never;
  };
}
export type webhooks = Record<string, never>;
export interface components {
  schemas: {
    readonly Analytics: {
      /** @description Null: all of time */
      readonly from: number | null;
      /** @enum {string} */
      readonly groupBy: 'day' | 'hour' | 'model' | 'provider' | 'source' | 'project' | 'user' | 'tool';
      /** @description Days and hours in order and without gaps, others by tokens */
      readonly groups: readonly {
        readonly cacheReadTokens: number;
        readonly cacheWriteTokens: number;
        readonly completionTokens: number;
        readonly cost: components['schemas']['Cost'];
        readonly durationMs: number;
        /** @description A name, a day, or `1-09` for the hour from 9 on Mondays; null for none; `(other)` for the smallest */
        readonly key: string | null;
        readonly messages: number;
        readonly promptTokens: number;
        readonly reasoningTokens: number;
        readonly sessions: number;
        readonly toolCalls: number;
        readonly toolErrors: number;
        readonly totalTokens: number;
      }[];
      /** @description How many sessions are how long: at most `upTo`, and more than the limit before */
      readonly lengths: {
        readonly durationMs: readonly {
          readonly sessions: number;
          /** @description Null: longer than the one before */
          readonly upTo: number | null;
        }[];
        readonly messages: readonly {
          readonly sessions: number;
          /** @description Null: longer than the one before */
          readonly upTo: number | null;
        }[];
      };
      /** @description Identifies the price table of the computed costs; null before the first */
      readonly prices: string | null;
      readonly to: number | null;
      readonly totals: {
        readonly cacheReadTokens: number;
        readonly cacheWriteTokens: number;
        readonly completionTokens: number;
        readonly cost: components['schemas']['Cost'];
        readonly durationMs: number;
        readonly messages: number;
        readonly promptTokens: number;
        readonly reasoningTokens: number;
        readonly sessions: number;
        readonly toolCalls: number;
        readonly toolErrors: number;
        readonly totalTokens: number;
      };
      readonly tz: string;
    };
    readonly ApiKey: {
      /** @description Milliseconds since the epoch */
      readonly createdAt: number;
      /** @description Milliseconds since the epoch */
      readonly expiresAt?: number;
      /** @description What may be shown of the key */
      readonly hint: string;
      readonly id: string;
      readonly name: string;
      /** @description The key that replaced it when it was rotated */
      readonly replacedBy?: string;
      /** @description Milliseconds since the epoch */
      readonly revokedAt?: number;
      readonly scopes: readonly ('ingest' | 'read' | 'admin' | 'operator')[];
      /** @enum {string} */
      readonly state: 'valid' | 'expired' | 'revoked';
      /** @description Give or take ten minutes; absent if it was not used, or requests are not logged */
      readonly usedAt?: number;
      /** @description Whose it is, with `of=workspace` */
      readonly user?: {
        readonly email?: string;
        readonly id: string;
        readonly name?: string;
      };
    };
    readonly ApiKeyPage: {
      /** @description For the next page; `null` on the last one */
      readonly cursor: string | null;
      readonly keys: readonly components['schemas']['ApiKey'][];
    };
    readonly ApiKeyRecord: {
      readonly record: components['schemas']['ApiKey'];
    };
    readonly AuditAnswer: {
      /** @description Whether nothing has to be sent again */
      readonly complete: boolean;
      /** @description In the order of the request */
      readonly sessions: readonly {
        readonly complete: boolean;
        /**
         * @description It was deleted here; sending it again would create it again
         * @constant
         */
        readonly deleted?: true;
        readonly externalId: string;
        readonly lastMessageStored?: boolean;
        /** @description Stored messages */
        readonly messageCount: number;
        readonly missingMessages?: number;
        readonly sessionId: string;
        /** @description False: the server does not know the session */
        readonly stored: boolean;
      }[];
    };
    readonly Backups: {
      /** @description Milliseconds since the epoch */
      readonly at: number;
      /** @description Newest first; the last 30 that ended well */
      readonly backups: readonly {
        /** @description Milliseconds since the epoch */
        readonly at: number;
        readonly bytes: number | null;
        readonly events: number | null;
        readonly file: string | null;
        /** @description Payloads that the log had lost */
        readonly lost: number | null;
        /** @description The folder, without credentials */
        readonly place: string;
        readonly sha256: string | null;
        /** @description The position of an event in the log */
        readonly to: number;
      }[];
      /** @description The position of an event in the log */
      readonly lastSequence: number;
      /** @description The last one that found the backup in order */
      readonly proof: components['schemas']['Rehearsal'] | null;
      /** @description Newest first; the last 30 */
      readonly rehearsals: readonly components['schemas']['Rehearsal'][];
    };
    readonly BatchStored: {
      /** @description A line for each item that was not */
      readonly errors: readonly string[];
      /** @description How many were stored */
      readonly messages: number;
      /** @description Whether all items were stored */
      readonly ok: boolean;
      /** @description Of each item: sessions first, each in the order of the request */
      readonly results: readonly components['schemas']['ItemResult'][];
      /** @description How many were stored */
      readonly sessions: number;
    };
    readonly BulkAnswer: {
      /**
       * @description The filter finds more sessions than the limit
       * @constant
       */
      readonly more?: true;
      /** @description Whether all items succeeded */
      readonly ok: boolean;
      readonly results: readonly {
        readonly error?: {
          /** @enum {string} */
          readonly code:
            | 'INVALID_REQUEST'
            | 'UNAUTHORIZED'
            | 'FORBIDDEN'
            | 'NOT_FOUND'
            | 'METHOD_NOT_ALLOWED'
            | 'REQUEST_TIMEOUT'
            | 'CONFLICT'
            | 'PAYLOAD_TOO_LARGE'
            | 'UNSUPPORTED_MEDIA_TYPE'
            | 'RANGE_NOT_SATISFIABLE'
            | 'EXPECTATION_FAILED'
            | 'RATE_LIMITED'
            | 'HEADERS_TOO_LARGE'
            | 'INTERNAL'
            | 'UNAVAILABLE';
          readonly message: string;
          readonly retryable: boolean;
        };
        readonly etag?: string;
        /** @description As in the request; of a filter the session’s own */
        readonly id: string;
        /** @description Of a session in the trash: until then it can be restored */
        readonly restorableUntil?: number;
        readonly sessionId?: string;
        /** @description The status of the item alone */
        readonly status: number;
      }[];
    };
    readonly Citation: {
      /** @description Messages that say the same, such as those of forks: how many, and the first 20 other sessions that have them */
      readonly copies?: {
        readonly count: number;
        readonly sessionIds: readonly string[];
      };
      /** @description Of the message that was found */
      readonly createdAt: number;
      /** @description The path that shows the passage within its session */
      readonly link: string;
      /** @description The quoted messages, in order */
      readonly messages: readonly {
        /** @description Milliseconds since the epoch */
        readonly createdAt: number;
        readonly id: string;
        /** @description `mps_…`, its place in the session */
        readonly position: string;
        readonly role: string;
      }[];
      readonly model: string | null;
      readonly projectName: string | null;
      /** @description 1 is the best passage */
      readonly rank: number;
      readonly sessionId: string;
      readonly source: string;
      readonly title: string | null;
    };
    readonly ConsumerStatus: {
      /** @description Deliveries since it was created, repeated ones included */
      readonly delivered: number;
      /** @description Delivered, and not acknowledged yet */
      readonly inFlight: number;
      /** @description How old the first message is that it has not processed */
      readonly lagMs: number;
      readonly name: string;
      /** @description Messages of its stream that were not delivered yet */
      readonly pending: number;
      readonly problem?: string;
      readonly redelivered: number;
      /** @description How long what waits takes, at the pace of the last minutes; absent if there is none, or if that is not known */
      readonly secondsLeft?: number;
    };
    readonly Cost: {
      /** @description False: the sum lacks the cost of those */
      readonly complete: boolean;
      /** @description What was computed from tokens and prices */
      readonly computedUsd: number;
      /** @description What agents reported */
      readonly reportedUsd: number;
      /**
       * @description `mixed`: partly reported, partly computed; `none`: nothing was used
       * @enum {string}
       */
      readonly status: 'reported' | 'computed' | 'mixed' | 'unpriced' | 'none';
      /** @description Tokens of models without a known price */
      readonly unpricedTokens: number;
      /** @description US dollars, without what is unpriced */
      readonly usd: number;
    };
    readonly CuratedSession: {
      /** @constant */
      readonly ok: true;
      /** @description The secret of the new link `/s/<publicSlug>`; shown only here */
      readonly publicSlug?: string;
      readonly session: components['schemas']['Session'];
      readonly sessionId: string;
    };
    readonly DeadLetter: {
      readonly attempts: number;
      /** @description A body that is no text */
      readonly base64?: string;
      readonly body?: string;
      readonly bytes: number;
      readonly consumer: string;
      readonly documentId: string | null;
      readonly headers: {
        readonly [key: string]: string;
      };
      readonly id: number;
      readonly isCut: boolean;
      /** @enum {string} */
      readonly kind: 'malformed' | 'unknown-type' | 'failed' | 'lethal' | 'refused' | 'not-embedded';
      /** @description Why the body cannot be read any more */
      readonly lost?: string;
      readonly originalSequence: number;
      readonly originalSubject: string;
      readonly reason: string;
      /** @description Milliseconds since the epoch */
      readonly time: number;
    };
    readonly DeadLetterPage: {
      readonly cursor: string | null;
      readonly deadLetters: readonly {
        readonly attempts: number;
        readonly bytes: number;
        readonly consumer: string;
        readonly documentId: string | null;
        readonly id: number;
        /** @enum {string} */
        readonly kind: 'malformed' | 'unknown-type' | 'failed' | 'lethal' | 'refused' | 'not-embedded';
        readonly originalSequence: number;
        readonly originalSubject: string;
        readonly reason: string;
        /** @description Milliseconds since the epoch */
        readonly time: number;
      }[];
    };
    readonly DeletedSession: {
      /** @constant */
      readonly deleted: true;
      /** @constant */
      readonly ok: true;
      /** @description Of a session in the trash: until then it can be restored */
      readonly restorableUntil?: number;
      readonly sessionId: string;
    };
    readonly DocsAnswer: {
      /** @description Sides that could not answer, or not completely */
      readonly degraded?: readonly ('fulltext' | 'semantic')[];
      readonly results: readonly components['schemas']['DocsHit'][];
    };
    readonly DocsHit: {
      /** @description Of the section; empty for the beginning of a page */
      readonly heading: string;
      readonly id: string;
      /** @description The path of the page as Markdown */
      readonly markdownUrl: string;
      readonly matchedIn: readonly ('fulltext' | 'semantic')[];
      readonly score: number;
      /** @description HTML: hits in `<mark>`, the rest escaped */
      readonly snippet: string;
      /** @description Of the page */
      readonly title: string;
      /** @description The path of the section on this server */
      readonly url: string;
    };
    readonly DocumentPage: {
      readonly cursor: string | null;
      readonly documents: readonly {
        /** @description Milliseconds since the epoch */
        readonly createdAt: number;
        readonly externalId: string | null;
        readonly id: string;
        /** @enum {string} */
        readonly kind: 'session' | 'message';
        readonly messageCount: number | null;
        readonly title: string | null;
      }[];
    };
    readonly Done: {
      /** @constant */
      readonly ok: true;
    };
    readonly DroppedLetters: {
      readonly dropped: readonly number[];
      readonly missing: readonly number[];
    };
    readonly Erasure: {
      /** @description Milliseconds since the epoch */
      readonly completedAt?: number;
      readonly erased: {
        /** @description Removed from the log so far */
        readonly events?: number;
        readonly invitations?: number;
        readonly keys?: number;
        /** @description Also those that were deleted before */
        readonly sessions?: number;
      };
      /** @description What there was, without the trash */
      readonly found?: {
        readonly messages: number;
        readonly payloads: number;
        readonly sessions: number;
      };
      /** @description Since then nobody sees anything of it, and no key or login works */
      readonly hiddenAt?: number;
      readonly id: string;
      /** @description Milliseconds since the epoch */
      readonly requestedAt: number;
      /** @enum {string} */
      readonly state: 'requested' | 'erasing' | 'complete';
      /** @description Who asked for it. It names nobody once they are gone */
      readonly userId: string;
      /** @description When each store was asked and had nothing left */
      readonly verified: {
        /** @description Milliseconds since the epoch */
        readonly documents?: number;
        /** @description Milliseconds since the epoch */
        readonly events?: number;
        /** @description Milliseconds since the epoch */
        readonly fullText?: number;
        /** @description Milliseconds since the epoch */
        readonly payloads?: number;
        /** @description Milliseconds since the epoch */
        readonly vectors?: number;
      };
      readonly workspaceId: string;
    };
    readonly ErasureBegun: {
      readonly erasureId: string;
      /** @constant */
      readonly ok: true;
    };
    readonly Error: {
      readonly error: {
        /** @enum {string} */
        readonly code:
          | 'INVALID_REQUEST'
          | 'UNAUTHORIZED'
          | 'FORBIDDEN'
          | 'NOT_FOUND'
          | 'METHOD_NOT_ALLOWED'
          | 'REQUEST_TIMEOUT'
          | 'CONFLICT'
          | 'PAYLOAD_TOO_LARGE'
          | 'UNSUPPORTED_MEDIA_TYPE'
          | 'RANGE_NOT_SATISFIABLE'
          | 'EXPECTATION_FAILED'
          | 'RATE_LIMITED'
          | 'HEADERS_TOO_LARGE'
          | 'INTERNAL'
          | 'UNAVAILABLE';
        readonly details?: readonly {
          readonly message: string;
          /** @description Dotted path into the request, e.g. `messages.3.externalId` */
          readonly path: string;
        }[];
        /** @description What is wrong and what to do; not stable */
        readonly message: string;
        /** @description Also in the header `X-Request-Id` and in the log */
        readonly requestId: string;
      };
    };
    readonly Full: {
      /** @description Bytes */
      readonly size: number;
      readonly url: string;
    };
    readonly Generations: {
      /** @description Milliseconds since the epoch */
      readonly at: number;
      readonly stores: readonly {
        /** @description Whether documents that the live one lacks are being added */
        readonly isFilling: boolean;
        /** @description Others that are not removed yet */
        readonly kept: readonly number[];
        /** @description The generation that is read and written */
        readonly live: number;
        /** @description Of vectors: the embedding model, `name/dimensions` */
        readonly model: string | null;
        /** @description Being filled, or interrupted */
        readonly next: {
          /** @description Of the log, from 0 to 1; null: not known */
          readonly done: number | null;
          readonly generation: number;
          /** @description Of an index: sessions that are in it */
          readonly sessions: number | null;
        } | null;
        /** @enum {string} */
        readonly store: 'documents' | 'search' | 'vectors';
        /** @description Where a process works on it, `host:process`; null: none */
        readonly worker: string | null;
      }[];
    };
    readonly Home: {
      /** @constant */
      readonly name: 'OpenSync';
      /** @description `ok`, `degraded` or `down` by part */
      readonly parts: {
        readonly [key: string]: string;
      };
      readonly status: string;
      readonly url: string;
      readonly version: string;
    };
    readonly Invitation: {
      /** @description Milliseconds since the epoch */
      readonly createdAt: number;
      readonly email?: string;
      /** @description Milliseconds since the epoch */
      readonly expiresAt: number;
      readonly id: string;
      readonly invitedBy: {
        readonly email?: string;
        readonly id: string;
        readonly name?: string;
      };
      /** @enum {string} */
      readonly role: 'owner' | 'admin' | 'member' | 'viewer' | 'analyst';
    };
    readonly Invitations: {
      readonly invitations: readonly components['schemas']['Invitation'][];
    };
    readonly Invited: {
      readonly email?: string;
      /** @description Milliseconds since the epoch */
      readonly expiresAt: number;
      readonly invitedBy?: string;
      /** @enum {string} */
      readonly role: 'owner' | 'admin' | 'member' | 'viewer' | 'analyst';
      readonly workspace: {
        readonly id: string;
        readonly name?: string;
      };
    };
    readonly ItemResult: {
      readonly error?: {
        /** @enum {string} */
        readonly code:
          | 'INVALID_REQUEST'
          | 'UNAUTHORIZED'
          | 'FORBIDDEN'
          | 'NOT_FOUND'
          | 'METHOD_NOT_ALLOWED'
          | 'REQUEST_TIMEOUT'
          | 'CONFLICT'
          | 'PAYLOAD_TOO_LARGE'
          | 'UNSUPPORTED_MEDIA_TYPE'
          | 'RANGE_NOT_SATISFIABLE'
          | 'EXPECTATION_FAILED'
          | 'RATE_LIMITED'
          | 'HEADERS_TOO_LARGE'
          | 'INTERNAL'
          | 'UNAVAILABLE';
        readonly message: string;
        readonly retryable: boolean;
      };
      /** @description As sent; null if there was none */
      readonly externalId: string | null;
      /** @description The id that OpenSync gave it, if it was stored */
      readonly id?: string;
      /** @enum {string} */
      readonly kind: 'session' | 'message';
      /** @description The status of the item alone: 200 if it was stored */
      readonly status: number;
      /** @description Values that could not be used; the rest is stored */
      readonly warnings?: readonly {
        readonly message: string;
        readonly path: string;
      }[];
    };
    readonly Job: {
      readonly about: string;
      /** @description Runs in a row that failed */
      readonly failures: number;
      readonly last: {
        /** @description Milliseconds since the epoch */
        readonly endedAt: number;
        /** @description Planned times that it made up for, besides its own */
        readonly missed: number;
        /** @description What it did, or why it failed */
        readonly note: string;
        /** @enum {string} */
        readonly outcome: 'ok' | 'failed';
        /** @description Milliseconds since the epoch */
        readonly plannedAt: number;
        /** @description Milliseconds since the epoch */
        readonly startedAt: number;
      } | null;
      /** @description Since the first planned time that no run has completed; 0: it is not late */
      readonly lateSeconds: number;
      /** @enum {string} */
      readonly name: 'access-log' | 'docs' | 'erasures' | 'prices' | 'wrapped' | 'trash';
      /** @description Null while it is paused */
      readonly nextAt: number | null;
      /** @description A cron expression */
      readonly schedule: string;
      /** @enum {string} */
      readonly state: 'waiting' | 'running' | 'paused' | 'failing';
      readonly succeededAt: number | null;
      /** @description In which it is read */
      readonly timeZone: string;
    };
    readonly Jobs: {
      readonly jobs: readonly components['schemas']['Job'][];
    };
    readonly Joined: {
      /** @constant */
      readonly ok: true;
      readonly workspaceId: string;
    };
    readonly LoggedOut: {
      /** @constant */
      readonly ok: true;
      /** @description Where the browser ends its login at the provider, if it has such a page */
      readonly redirect?: string;
    };
    readonly LoggedRequest: {
      /** @description When the request ended */
      readonly createdAt: number;
      /** @description The route, such as `/api/sessions/:id` */
      readonly endpoint: string;
      /** @description The same as `requestId` */
      readonly id: string;
      /** @description The end of the key, to tell keys apart */
      readonly keyHint: string | null;
      readonly keyId: string;
      readonly method: string;
      /** @description The `X-Request-Id` of the answer */
      readonly requestId: string;
      readonly responseTimeMs: number;
      /** @description The `Osk-Sequence` of a write */
      readonly sequence: string | null;
      /** @description 499: the client closed the connection before the answer was sent */
      readonly statusCode: number;
      /** @description Whose data an operator asked for, or an admin whose requests; null for other routes */
      readonly target: components['schemas']['ReadTarget'] | null;
      /** @description The member whose key the request carried */
      readonly userId: string;
    };
    readonly LoginContinues: {
      /** @description Where the browser goes next */
      readonly url: string;
    };
    readonly LoginProviders: {
      readonly providers: readonly {
        /** @enum {string} */
        readonly id: 'oidc' | 'workos';
        readonly name: string;
      }[];
    };
    readonly Logins: {
      readonly logins: readonly {
        /** @description Milliseconds since the epoch */
        readonly createdAt: number;
        /** @description When it ends in any case */
        readonly endsAt: number;
        readonly id: string;
        /** @description Whether it is the one that asks */
        readonly isCurrent: boolean;
        /** @description `key`, `link`, or the provider */
        readonly means: string;
        /** @description Until when it may operate the server */
        readonly operatorUntil?: number;
        /** @description Give or take five minutes */
        readonly usedAt: number;
      }[];
    };
    readonly LoginSession: {
      /** @description Of a cookie: send it back as `X-CSRF-Token` with each write */
      readonly csrfToken?: string;
      /** @description Of a cookie */
      readonly login?: {
        /** @description Milliseconds since the epoch */
        readonly createdAt: number;
        /** @description When it ends in any case */
        readonly endsAt: number;
        readonly id: string;
        /** @description `key`, `link`, or the provider */
        readonly means: string;
        /** @description Until when it may operate the server */
        readonly operatorUntil?: number;
        /** @description Give or take five minutes */
        readonly usedAt: number;
      };
      /** @enum {string} */
      readonly role: 'owner' | 'admin' | 'member' | 'viewer' | 'analyst';
      readonly scopes: readonly ('ingest' | 'read' | 'admin' | 'operator')[];
      readonly user: {
        readonly email?: string;
        readonly id: string;
        readonly name?: string;
      };
      readonly workspace: {
        readonly id: string;
        readonly name?: string;
      };
    };
    readonly LogPage: {
      /** @description For the next page; null on the last one */
      readonly cursor: string | null;
      readonly logs: readonly components['schemas']['LoggedRequest'][];
    };
    readonly McpError:
      | components['schemas']['Error']
      | {
          readonly error: {
            readonly code: number;
            readonly data?: unknown;
            readonly message: string;
          };
          readonly id: string | number | null;
          /** @constant */
          readonly jsonrpc: '2.0';
        };
    readonly Media: {
      readonly mediaType: string;
      readonly name?: string;
      readonly sha256: string;
      /** @description Bytes */
      readonly size: number;
      /** @description The path of its bytes, for readers of the session */
      readonly url: string;
    };
    readonly MemberPage: {
      /** @description For the next page; `null` on the last one */
      readonly cursor: string | null;
      readonly members: readonly {
        readonly email?: string;
        readonly id: string;
        readonly isCaller: boolean;
        readonly name?: string;
        /** @enum {string} */
        readonly role: 'owner' | 'admin' | 'member' | 'viewer' | 'analyst';
      }[];
    };
    readonly MemberRemoved: {
      /** @constant */
      readonly ok: true;
      readonly revokedKeys: number;
    };
    readonly MemberRole: {
      /** @constant */
      readonly ok: true;
      /** @enum {string} */
      readonly role: 'owner' | 'admin' | 'member' | 'viewer' | 'analyst';
    };
    readonly Message: {
      /** @description The same as `id` */
      readonly _id: string;
      readonly cacheReadTokens: number;
      readonly cacheWriteTokens: number;
      readonly completionTokens: number;
      /** @description US dollars */
      readonly cost: number;
      /** @description Milliseconds since the epoch */
      readonly createdAt: number;
      readonly durationMs: number;
      readonly externalId: string;
      readonly id: string;
      readonly media?: readonly components['schemas']['Media'][];
      readonly model: string | null;
      readonly parts: readonly components['schemas']['Part'][];
      /** @description `mps_…`, its place in the session */
      readonly position: string;
      readonly promptTokens: number;
      readonly provider: string | null;
      readonly reasoningTokens: number;
      readonly role: string;
      readonly sessionId: string;
      readonly textContent: string | null;
      /**
       * @description Only the beginning of the text is left
       * @constant
       */
      readonly textContentLost?: true;
      /** @description With `preview`: the text is cut */
      readonly textFull?: components['schemas']['Full'];
    };
    readonly MessagesContext: {
      readonly citations: readonly components['schemas']['Citation'][];
      /** @description Sides of the search that could not answer, or whose index lacks documents */
      readonly degraded?: readonly ('fulltext' | 'semantic')[];
      readonly messages: readonly {
        readonly content: string;
        readonly metadata: {
          readonly messageId: string;
          readonly rank: number;
          /** @description As it is stored */
          readonly role: string;
          readonly sessionId: string;
          readonly sessionTitle?: string;
        };
        /** @enum {string} */
        readonly role: 'user' | 'assistant';
      }[];
      /**
       * @description Nothing is close in meaning: no passage was found by meaning
       * @constant
       */
      readonly noCloseMatch?: true;
      /** @description What was found and is not in the answer */
      readonly omitted: readonly {
        /** @description The message that says the same, or quotes it */
        readonly keptMessageId?: string;
        readonly messageId: string;
        /** @enum {string} */
        readonly reason:
          | 'excluded-session'
          | 'copied-history'
          | 'duplicate'
          | 'near-duplicate'
          | 'contained'
          | 'session-limit'
          | 'token-budget'
          | 'no-text';
        readonly sessionId: string;
      }[];
      /**
       * @description No message has all words: these have most of them
       * @constant
       */
      readonly partial?: true;
      /** @description What the reasons in `omitted` mean */
      readonly reasons?: {
        readonly [key: string]: string;
      };
      /** @description Sessions that have a passage in the answer */
      readonly sessionCount: number;
      /** @description Of the answer as text, with its citations and markers, counted with `o200k_base` */
      readonly tokens: number;
    };
    readonly MessageStored: {
      /** @description `msg_…` */
      readonly messageId: string;
      /** @constant */
      readonly ok: true;
      readonly sessionId: string;
      /** @description Values that could not be used; the rest is stored */
      readonly warnings?: readonly {
        readonly message: string;
        readonly path: string;
      }[];
    };
    readonly NewApiKey: {
      /** @description Shown once: it is stored nowhere */
      readonly key: string;
      readonly record: components['schemas']['ApiKey'];
    };
    readonly NewInvitation: {
      readonly invitation: components['schemas']['Invitation'];
      /** @description Shown once, and used once */
      readonly token: string;
      /** @description What the invited person opens; absent if OPENSYNC_LOGIN_URL is not set */
      readonly url?: string;
    };
    readonly OperatorStatus: {
      /** @description Milliseconds since the epoch */
      readonly at: number;
      readonly consumers: readonly components['schemas']['ConsumerStatus'][];
      readonly log: {
        readonly bytes: number;
        readonly deadLetters: number;
        readonly events: number;
        readonly lastSequence: number;
        readonly location: string;
        /** @description The minimum number of lost events */
        readonly lost?: number;
        readonly maxBytes?: number;
        /** @description Streams that are not there */
        readonly missing: readonly string[];
        /** @description Why writes are refused */
        readonly problems: readonly string[];
        /** @description Owners whose deleted sessions have payloads that wait for removal */
        readonly removals?:
          | {
              readonly owners: number;
              /** @description Milliseconds since the epoch */
              readonly since: number;
            }
          | {
              readonly problem: string;
            };
        readonly server: string;
      };
      readonly projections: readonly components['schemas']['Projection'][];
      readonly stores: readonly components['schemas']['StoreReport'][];
    };
    readonly Owner: {
      readonly userId: string;
      readonly workspaceId: string;
    };
    readonly Owners: {
      readonly omitted: number;
      readonly owners: readonly {
        readonly email: string | null;
        /** @enum {string} */
        readonly role: 'owner' | 'admin' | 'member' | 'viewer' | 'analyst';
        readonly userId: string;
        readonly workspace: string | null;
        readonly workspaceId: string;
      }[];
    };
    readonly Part: {
      /** @description The same as `id` */
      readonly _id: string;
      /** @description Text, `{toolName, args?, result?, …}` of a tool call, `{mediaType, sha256, size, url}` of media */
      readonly content: unknown;
      /** @description With `preview`: the content is cut */
      readonly contentFull?: components['schemas']['Full'];
      /**
       * @description Only the beginning of the content is left
       * @constant
       */
      readonly contentLost?: true;
      /** @description What was sent and is not in the content */
      readonly extra?: unknown;
      readonly extraFull?: components['schemas']['Full'];
      /** @constant */
      readonly extraLost?: true;
      readonly id: string;
      /** @description Blobs that the content refers to */
      readonly media?: readonly components['schemas']['Media'][];
      /** @description Place within the message, from 0 */
      readonly order: number;
      /** @description Of a tool call: where its result is; null if it has none */
      readonly result?: components['schemas']['ToolResult'] | null;
      /** @description `text`, `reasoning`, `tool-call`, `tool-result`, `media`, or another type as it was sent */
      readonly type: string;
    };
    readonly Passage: {
      /** @description UTF-16 offset behind it */
      readonly end: number;
      /** @description The part that has it */
      readonly partId?: string;
      /** @description UTF-16 offset */
      readonly start: number;
    };
    readonly PassagesContext: {
      readonly context: readonly {
        readonly citation: components['schemas']['Citation'];
        readonly content: string;
        readonly messageIds: readonly string[];
        readonly rank: number;
        /** @description Higher is better; comparable within one answer only */
        readonly score: number;
        readonly sessionId: string;
        readonly title: string | null;
      }[];
      /** @description Sides of the search that could not answer, or whose index lacks documents */
      readonly degraded?: readonly ('fulltext' | 'semantic')[];
      /**
       * @description Nothing is close in meaning: no passage was found by meaning
       * @constant
       */
      readonly noCloseMatch?: true;
      /** @description What was found and is not in the answer */
      readonly omitted: readonly {
        /** @description The message that says the same, or quotes it */
        readonly keptMessageId?: string;
        readonly messageId: string;
        /** @enum {string} */
        readonly reason:
          | 'excluded-session'
          | 'copied-history'
          | 'duplicate'
          | 'near-duplicate'
          | 'contained'
          | 'session-limit'
          | 'token-budget'
          | 'no-text';
        readonly sessionId: string;
      }[];
      /**
       * @description No message has all words: these have most of them
       * @constant
       */
      readonly partial?: true;
      /** @description What the reasons in `omitted` mean */
      readonly reasons?: {
        readonly [key: string]: string;
      };
      /** @description Sessions that have a passage in the answer */
      readonly sessionCount: number;
      /** @description Of the answer as text, with its citations and markers, counted with `o200k_base` */
      readonly tokens: number;
    };
    readonly Processes: {
      /** @description Milliseconds since the epoch */
      readonly at: number;
      readonly processes: readonly {
        /** @description When it reported */
        readonly at: number;
        readonly host: string;
        /** @description Of this run of the process */
        readonly id: string;
        readonly memory: {
          readonly heapUsed: number;
          readonly rss: number;
        };
        readonly node: string;
        readonly service: string;
        /** @description Milliseconds since the epoch */
        readonly startedAt: number;
        /** @description What it has counted since it started, under the names of `/metrics` */
        readonly totals: readonly {
          readonly labels: {
            readonly [key: string]: string | number;
          };
          readonly name: string;
          readonly value: number;
        }[];
        readonly version: string;
      }[];
    };
    readonly Projection: {
      /** @description Everything that was written before this time is in it */
      readonly asOf: number;
      /** @description Whether its next generation is being filled */
      readonly isRebuilding: boolean;
      readonly lagMs: number;
      /** @enum {string} */
      readonly name: 'documents' | 'search' | 'vectors';
      /** @description How long what waits takes, at the pace of the last minutes; absent if there is none, or if that is not known */
      readonly secondsLeft?: number;
      /**
       * @description `partial`: older documents are being added; `stopped`: it waits for a store, or has failed
       * @enum {string}
       */
      readonly state: 'current' | 'behind' | 'partial' | 'stopped';
    };
    readonly Projections: {
      /** @description Milliseconds since the epoch */
      readonly at: number;
      readonly projections: readonly components['schemas']['Projection'][];
    };
    readonly PublicSession: {
      /** @description Milliseconds since the epoch */
      readonly createdAt: number;
      /** @description When the link ends; null: only when it is revoked */
      readonly expiresAt: number | null;
      readonly messages: readonly {
        readonly createdAt: number;
        readonly role: string;
        readonly text: string;
        readonly tools?: readonly string[];
      }[];
      readonly model: string | null;
      /** @description Messages that did not fit */
      readonly omittedMessages: number;
      /** @description Milliseconds since the epoch */
      readonly publishedAt: number;
      readonly source: string;
      readonly title: string | null;
    };
    readonly RatedSession: {
      /** @description The same as `id` */
      readonly _id: string;
      readonly cacheReadTokens: number;
      readonly cacheWriteTokens: number;
      readonly completionTokens: number;
      /** @description US dollars that its agent reported */
      readonly cost: number;
      /** @description Null for some seconds after the session began */
      readonly costs: components['schemas']['Cost'] | null;
      /** @description Milliseconds since the epoch */
      readonly createdAt: number;
      readonly durationMs: number;
      readonly endReason: string | null;
      readonly evalNotes: string | null;
      /** @description Meant for evaluations */
      readonly evalReady: boolean;
      /** @description The verdict of a person */
      readonly evalStatus: ('golden' | 'correct' | 'incorrect' | 'needs_review') | null;
      readonly evalTags: readonly string[];
      /** @description The answer that an evaluation expects */
      readonly expectedOutput: string | null;
      /** @description The id that its plugin gave it */
      readonly externalId: string;
      readonly firstActivityAt: number | null;
      /** @description The session that this one continues a copy of; it need not be stored */
      readonly forkedFromId: string | null;
      /** @description `ses_…`, assigned by OpenSync */
      readonly id: string;
      /** @description A snapshot has a public link */
      readonly isPublic: boolean;
      readonly lastActivityAt: number | null;
      readonly messageCount: number;
      readonly model: string | null;
      /** @description The session whose agent started this one; it need not be stored */
      readonly parentId: string | null;
      readonly projectName: string | null;
      readonly projectPath: string | null;
      readonly promptTokens: number;
      readonly provider: string | null;
      /** @description When the public link ends */
      readonly publicUntil: number | null;
      readonly reasoningTokens: number;
      /** @description The tool that created it */
      readonly source: string;
      readonly title: string | null;
      readonly toolCallCount: number;
      readonly totalTokens: number;
      /** @description Milliseconds since the epoch */
      readonly updatedAt: number;
      /** @description The user that the session belongs to */
      readonly userId: string;
      /** @enum {string} */
      readonly visibility: 'private' | 'workspace';
    };
    readonly Readiness: {
      readonly details?: {
        readonly [key: string]: string;
      };
      /** @description `ok`, `degraded` or `down` by part */
      readonly parts: {
        readonly [key: string]: string;
      };
      readonly status: string;
    };
    readonly ReadTarget: {
      /** @description Null: a list. Of an event, its `Osk-Sequence` */
      readonly id: string | null;
      /** @description Such as `session`, `message`, `event` or `dead letter`; plural: a list */
      readonly kind: string;
      /** @description Null: all members, or none was found */
      readonly userId: string | null;
      /** @description Null: all workspaces, or none was found */
      readonly workspaceId: string | null;
    };
    readonly Receipt: {
      readonly deadLetters: readonly {
        readonly consumer: string;
        readonly kind: string;
        readonly reason: string;
      }[];
      /**
       * @description The session was deleted after the write
       * @constant
       */
      readonly deleted?: true;
      /** @description Of the session, message or part that was written */
      readonly documentId: string | null;
      /** @description Null: not known at the moment */
      readonly documents: boolean | null;
      /** @description Null: not known at the moment */
      readonly embedded: boolean | null;
      readonly passagesNotEmbedded?: number;
      /** @description Of a deletion: its images, files and large contents are removed, too */
      readonly payloads?: boolean | null;
      /** @description Null: not known at the moment */
      readonly searchable: boolean | null;
      /** @description The `Osk-Sequence` of the write */
      readonly sequence: string;
      /** @constant */
      readonly stored: true;
      readonly type: string | null;
    };
    readonly Rehearsal: {
      /** @description Milliseconds since the epoch */
      readonly at: number;
      /** @description Over the restored documents */
      readonly digest: string | null;
      readonly place: string;
      /** @description Why it proves nothing; null: it proves the backup */
      readonly problem: string | null;
      /** @description That were compared with the live ones */
      readonly sessions: number;
      /** @description The position of an event in the log */
      readonly to: number;
    };
    readonly ReplayedLetters: {
      readonly results: readonly {
        readonly attempts?: number;
        readonly id: number;
        /**
         * @description `failed`: it is back under another id; `later`: not tried, ask again
         * @enum {string}
         */
        readonly kind: 'processed' | 'failed' | 'unavailable' | 'missing' | 'later';
        readonly reason?: string;
        readonly sequence?: number;
      }[];
    };
    readonly RotatedApiKey: {
      readonly former: components['schemas']['ApiKey'];
      /** @description Shown once: it is stored nowhere */
      readonly key: string;
      readonly record: components['schemas']['ApiKey'];
    };
    readonly SearchAnswer: {
      /** @description For the next page; null on the last one */
      readonly cursor: string | null;
      /** @description Sides that could not answer, or whose index lacks documents; `facets` if they were not counted */
      readonly degraded?: readonly ('facets' | 'fulltext' | 'semantic')[];
      /** @description The words and phrases after a dash */
      readonly excluded?: readonly string[];
      /** @description How many of all sessions or messages that match by words have each value, the 20 most frequent first */
      readonly facets?: {
        readonly [key: string]: readonly {
          readonly count: number;
          readonly value: string;
        }[];
      };
      /** @description With `partial`: the words that the best of them does not have */
      readonly missing?: readonly string[];
      /**
       * @description Nothing is close in meaning: no result was found by meaning
       * @constant
       */
      readonly noCloseMatch?: true;
      /**
       * @description No session has all words: these have most of them
       * @constant
       */
      readonly partial?: true;
      /** @description Words that no session contains, and those that were searched for instead */
      readonly respelled?: readonly {
        readonly from: string;
        readonly to: string;
      }[];
      /** @description Best first */
      readonly results: readonly components['schemas']['SearchResult'][];
    };
    readonly SearchResult: {
      /** @description The same as `id` */
      readonly _id: string;
      readonly cacheReadTokens: number;
      readonly cacheWriteTokens: number;
      readonly completionTokens: number;
      /** @description Lower results whose passage is nearly the same, such as those of forks; they are not results themselves */
      readonly copies?: {
        readonly count: number;
        readonly sessionIds: readonly string[];
      };
      /** @description US dollars that its agent reported */
      readonly cost: number;
      /** @description Milliseconds since the epoch */
      readonly createdAt: number;
      readonly durationMs: number;
      readonly endReason: string | null;
      readonly evalNotes: string | null;
      /** @description Meant for evaluations */
      readonly evalReady: boolean;
      /** @description The verdict of a person */
      readonly evalStatus: ('golden' | 'correct' | 'incorrect' | 'needs_review') | null;
      readonly evalTags: readonly string[];
      /** @description The answer that an evaluation expects */
      readonly expectedOutput: string | null;
      /** @description The id that its plugin gave it */
      readonly externalId: string;
      readonly firstActivityAt: number | null;
      /** @description The session that this one continues a copy of; it need not be stored */
      readonly forkedFromId: string | null;
      /** @description The hits, as ranges of `snippetText` */
      readonly highlights: readonly {
        /** @description UTF-16 offset behind it */
        readonly end: number;
        /** @description UTF-16 offset */
        readonly start: number;
      }[];
      /** @description `ses_…`, assigned by OpenSync */
      readonly id: string;
      /** @description A snapshot has a public link */
      readonly isPublic: boolean;
      readonly lastActivityAt: number | null;
      readonly matchedIn: readonly ('fulltext' | 'semantic')[];
      readonly messageCount: number;
      readonly messageCreatedAt: number | null;
      /** @description The message that matched best; null if the title or project did */
      readonly messageId: string | null;
      /** @description The words of the query that the session lacks */
      readonly missing?: readonly string[];
      readonly model: string | null;
      /** @description The session whose agent started this one; it need not be stored */
      readonly parentId: string | null;
      /** @description If the snippet shows what matched by meaning: where that stands in the message’s `textContent`, or in the content of the part */
      readonly passage?: components['schemas']['Passage'];
      /** @description The place of that message in its session */
      readonly position: string | null;
      readonly projectName: string | null;
      readonly projectPath: string | null;
      readonly promptTokens: number;
      readonly provider: string | null;
      /** @description When the public link ends */
      readonly publicUntil: number | null;
      readonly reasoningTokens: number;
      /** @description Of that message */
      readonly role: string | null;
      /** @description Higher is better; comparable within one answer only */
      readonly score: number;
      /** @description The same as `id` */
      readonly sessionId: string;
      /** @description HTML: hits in `<mark>`, the rest escaped */
      readonly snippet: string;
      /** @description The same as plain text */
      readonly snippetText: string;
      /** @description The tool that created it */
      readonly source: string;
      readonly title: string | null;
      readonly toolCallCount: number;
      readonly totalTokens: number;
      /** @description Milliseconds since the epoch */
      readonly updatedAt: number;
      /** @description The user that the session belongs to */
      readonly userId: string;
      /** @enum {string} */
      readonly visibility: 'private' | 'workspace';
    };
    readonly ServerSettings: {
      /** @description Of each setting, as Markdown */
      readonly documentation: {
        readonly [key: string]: string;
      };
      readonly processes: readonly {
        readonly host: string;
        /** @description Of this run of the process */
        readonly id: string;
        readonly service: string;
        readonly settings: readonly {
          readonly isSecret: boolean;
          readonly name: string;
          /** @enum {string} */
          readonly origin: 'environment' | 'file' | 'command line' | 'default';
          /** @description Null: not set. A secret is hidden; of a URL its server is shown */
          readonly value: string | null;
        }[];
      }[];
    };
    readonly Session: {
      /** @description The same as `id` */
      readonly _id: string;
      readonly cacheReadTokens: number;
      readonly cacheWriteTokens: number;
      readonly completionTokens: number;
      /** @description US dollars that its agent reported */
      readonly cost: number;
      /** @description Milliseconds since the epoch */
      readonly createdAt: number;
      readonly durationMs: number;
      readonly endReason: string | null;
      readonly evalNotes: string | null;
      /** @description Meant for evaluations */
      readonly evalReady: boolean;
      /** @description The verdict of a person */
      readonly evalStatus: ('golden' | 'correct' | 'incorrect' | 'needs_review') | null;
      readonly evalTags: readonly string[];
      /** @description The answer that an evaluation expects */
      readonly expectedOutput: string | null;
      /** @description The id that its plugin gave it */
      readonly externalId: string;
      readonly firstActivityAt: number | null;
      /** @description The session that this one continues a copy of; it need not be stored */
      readonly forkedFromId: string | null;
      /** @description `ses_…`, assigned by OpenSync */
      readonly id: string;
      /** @description A snapshot has a public link */
      readonly isPublic: boolean;
      readonly lastActivityAt: number | null;
      readonly messageCount: number;
      readonly model: string | null;
      /** @description The session whose agent started this one; it need not be stored */
      readonly parentId: string | null;
      readonly projectName: string | null;
      readonly projectPath: string | null;
      readonly promptTokens: number;
      readonly provider: string | null;
      /** @description When the public link ends */
      readonly publicUntil: number | null;
      readonly reasoningTokens: number;
      /** @description The tool that created it */
      readonly source: string;
      readonly title: string | null;
      readonly toolCallCount: number;
      readonly totalTokens: number;
      /** @description Milliseconds since the epoch */
      readonly updatedAt: number;
      /** @description The user that the session belongs to */
      readonly userId: string;
      /** @enum {string} */
      readonly visibility: 'private' | 'workspace';
    };
    readonly SessionAndMessages: {
      /** @description Whether it has messages after the last one here */
      readonly hasAfter: boolean;
      /** @description Whether the session has messages before the first one here */
      readonly hasBefore: boolean;
      /** @description Send it to get the next page; null on the last one */
      readonly messageCursor: string | null;
      /** @description In order; a page also ends after about 2 MB */
      readonly messages: readonly components['schemas']['Message'][];
      readonly session: components['schemas']['RatedSession'];
    };
    readonly SessionOutline: {
      /** @description In the order of the session */
      readonly columns: {
        readonly createdAt: readonly number[];
        /** @description 1: a tool failed */
        readonly error: readonly (0 | 1)[];
        /** @description About how many lines of 80 characters it has */
        readonly height: readonly number[];
        readonly id: readonly string[];
        /** @description Indexes in `kinds`: what the message mainly is */
        readonly kind: readonly number[];
        readonly position: readonly string[];
        /** @description Indexes in `roles` */
        readonly role: readonly number[];
        readonly tokens: readonly number[];
        /** @description Indexes in `tools`: the tools that it calls, or whose results it has */
        readonly tools: readonly (readonly number[])[];
      };
      /** @description Null on the last page */
      readonly cursor: string | null;
      readonly kinds: readonly (
        'prompt' | 'text' | 'tool-call' | 'tool-result' | 'reasoning' | 'media' | 'other' | 'empty'
      )[];
      readonly roles: readonly string[];
      readonly sessionId: string;
      readonly tools: readonly string[];
    };
    readonly SessionPage: {
      /** @description Null on the last page */
      readonly cursor: string | null;
      readonly sessions: readonly components['schemas']['RatedSession'][];
    };
    readonly SessionSearch: {
      /** @description How many messages match, at most 10,000 */
      readonly count: number;
      /**
       * @description More may match, which are not found
       * @constant
       */
      readonly countIsCapped?: true;
      /** @description Null on the last page */
      readonly cursor: string | null;
      /** @description The index is known to lack documents */
      readonly degraded?: readonly ['fulltext'];
      /** @description The words and phrases after a dash */
      readonly excluded?: readonly string[];
      /** @description In the order of the session */
      readonly results: readonly {
        /** @description Milliseconds since the epoch */
        readonly createdAt: number;
        /** @description The hits, as ranges of `snippetText` */
        readonly highlights: readonly {
          /** @description UTF-16 offset behind it */
          readonly end: number;
          /** @description UTF-16 offset */
          readonly start: number;
        }[];
        readonly messageId: string;
        readonly position: string;
        readonly role: string;
        /** @description HTML: hits in `<mark>`, the rest escaped */
        readonly snippet: string;
        /** @description The same as plain text */
        readonly snippetText: string;
      }[];
      readonly sessionId: string;
    };
    readonly SessionStored: {
      /** @constant */
      readonly ok: true;
      /** @description `ses_…` */
      readonly sessionId: string;
      /** @description Values that could not be used; the rest is stored */
      readonly warnings?: readonly {
        readonly message: string;
        readonly path: string;
      }[];
    };
    readonly SessionWithMessages: {
      /** @description The same as `id` */
      readonly _id: string;
      readonly cacheReadTokens: number;
      readonly cacheWriteTokens: number;
      readonly completionTokens: number;
      /** @description US dollars that its agent reported */
      readonly cost: number;
      /** @description Null for some seconds after the session began */
      readonly costs: components['schemas']['Cost'] | null;
      /** @description Milliseconds since the epoch */
      readonly createdAt: number;
      readonly durationMs: number;
      readonly endReason: string | null;
      readonly evalNotes: string | null;
      /** @description Meant for evaluations */
      readonly evalReady: boolean;
      /** @description The verdict of a person */
      readonly evalStatus: ('golden' | 'correct' | 'incorrect' | 'needs_review') | null;
      readonly evalTags: readonly string[];
      /** @description The answer that an evaluation expects */
      readonly expectedOutput: string | null;
      /** @description The id that its plugin gave it */
      readonly externalId: string;
      readonly firstActivityAt: number | null;
      /** @description The session that this one continues a copy of; it need not be stored */
      readonly forkedFromId: string | null;
      /** @description Whether it has messages after the last one here */
      readonly hasAfter: boolean;
      /** @description Whether the session has messages before the first one here */
      readonly hasBefore: boolean;
      /** @description `ses_…`, assigned by OpenSync */
      readonly id: string;
      /** @description A snapshot has a public link */
      readonly isPublic: boolean;
      readonly lastActivityAt: number | null;
      readonly messageCount: number;
      /** @description Send it to get the next page; null on the last one */
      readonly messageCursor: string | null;
      /** @description In order; a page also ends after about 2 MB */
      readonly messages: readonly components['schemas']['Message'][];
      readonly model: string | null;
      /** @description The session whose agent started this one; it need not be stored */
      readonly parentId: string | null;
      readonly projectName: string | null;
      readonly projectPath: string | null;
      readonly promptTokens: number;
      readonly provider: string | null;
      /** @description When the public link ends */
      readonly publicUntil: number | null;
      readonly reasoningTokens: number;
      /** @description The tool that created it */
      readonly source: string;
      readonly title: string | null;
      readonly toolCallCount: number;
      readonly totalTokens: number;
      /** @description Milliseconds since the epoch */
      readonly updatedAt: number;
      /** @description The user that the session belongs to */
      readonly userId: string;
      /** @enum {string} */
      readonly visibility: 'private' | 'workspace';
    };
    readonly Stats: {
      /** @description Sessions by model */
      readonly byModel: {
        readonly [key: string]: number;
      };
      /** @description Sessions by source */
      readonly bySource: {
        readonly [key: string]: number;
      };
      readonly cacheReadTokens: number;
      readonly cacheWriteTokens: number;
      readonly completionTokens: number;
      readonly cost: components['schemas']['Cost'];
      readonly messageCount: number;
      /** @description Usage by model, in the form of the original OpenSync; `unknown` for none */
      readonly modelUsage: {
        readonly [key: string]: {
          /** @description US dollars */
          readonly cost: number;
          readonly sessions: number;
          readonly tokens: number;
        };
      };
      /** @description Identifies the price table of the computed costs; null before the first */
      readonly prices: string | null;
      readonly promptTokens: number;
      readonly reasoningTokens: number;
      readonly sessionCount: number;
      readonly toolCalls: number;
      readonly toolErrors: number;
      /** @description As `cost.usd` */
      readonly totalCost: number;
      readonly totalDurationMs: number;
      readonly totalTokens: number;
    };
    readonly StoredDocument: {
      readonly document: {
        readonly externalId: string;
        /** @description The position of an event in the log */
        readonly firstSequence: number;
        /** @description Deleted, or in the trash */
        readonly isGone: boolean;
        /** @description The position of an event in the log */
        readonly lastSequence: number;
        readonly registers: readonly {
          readonly field: string;
          /** @description If an event gave it another rank than its value has */
          readonly rank: number | null;
          /** @description The event that set it */
          readonly sequence: number | null;
          /** @description As JSON; its beginning if it is long */
          readonly value: string;
        }[];
        readonly revision: number;
        readonly sessionId: string;
        /** @description Fields of a newer version */
        readonly unknown: string | null;
      } | null;
      readonly events: readonly (
        | components['schemas']['StoredEvent']
        | {
            /** @constant */
            readonly isMissing: true;
            /** @description The position of an event in the log */
            readonly sequence: number;
          }
      )[];
      readonly id: string;
      /** @enum {string} */
      readonly kind: 'session' | 'message';
      readonly owner: components['schemas']['Owner'];
      /** @description What the index has of it; null: nothing */
      readonly search:
        | {
            readonly row: {
              readonly [key: string]: unknown;
            } | null;
          }
        | {
            readonly problem: string;
          };
      /** @description Earlier events that are not listed */
      readonly sequencesOmitted: number;
      /** @description What the index has of it; null: nothing */
      readonly vectors:
        | {
            readonly row: {
              readonly [key: string]: unknown;
            } | null;
          }
        | {
            readonly problem: string;
          };
    };
    readonly StoredEvent: {
      readonly body: string;
      readonly bytes: number;
      readonly documentId: string | null;
      readonly id: string | null;
      /** @description Whether the body is longer */
      readonly isCut: boolean;
      readonly owner: components['schemas']['Owner'] | null;
      /** @description The position of an event in the log */
      readonly sequence: number;
      readonly source: string | null;
      readonly subject: string;
      readonly time: string | null;
      /** @description Of the request that wrote it */
      readonly traceparent: string | null;
      readonly type: string | null;
    };
    readonly StoreReport:
      | {
          readonly counts: {
            readonly [key: string]: number;
          };
          readonly engine: string;
          /** @enum {string} */
          readonly kind: 'documents' | 'search' | 'vectors';
          /** @description Without credentials */
          readonly location: string;
          readonly position?: unknown;
          readonly problems?: readonly string[];
          readonly reach?: number;
        }
      | {
          readonly isUnusable?: boolean;
          /** @enum {string} */
          readonly kind: 'documents' | 'search' | 'vectors';
          readonly problem: string;
        };
    readonly SyncedMetadata: {
      readonly messages: readonly {
        readonly cachedTokens?: number;
        readonly completionTokens?: number;
        readonly cost?: number;
        /** @description Milliseconds since the epoch */
        readonly createdAt: number;
        readonly durationMs?: number;
        readonly externalId: string;
        readonly model?: string;
        readonly promptTokens?: number;
        readonly provider?: string;
        readonly sessionExternalId: string;
      }[];
      /** @constant */
      readonly ok: true;
      readonly sessions: readonly {
        readonly completionTokens: number;
        readonly cost: number;
        /** @description Milliseconds since the epoch */
        readonly createdAt: number;
        readonly durationMs?: number;
        readonly externalId: string;
        readonly model?: string;
        readonly promptTokens: number;
        readonly provider?: string;
        /** @description Milliseconds since the epoch */
        readonly updatedAt: number;
      }[];
    };
    readonly SyncedSessions: {
      readonly sessionIds: readonly string[];
    };
    readonly TextContext: {
      readonly citations: readonly components['schemas']['Citation'][];
      /** @description Sides of the search that could not answer, or whose index lacks documents */
      readonly degraded?: readonly ('fulltext' | 'semantic')[];
      /**
       * @description Nothing is close in meaning: no passage was found by meaning
       * @constant
       */
      readonly noCloseMatch?: true;
      /** @description What was found and is not in the answer */
      readonly omitted: readonly {
        /** @description The message that says the same, or quotes it */
        readonly keptMessageId?: string;
        readonly messageId: string;
        /** @enum {string} */
        readonly reason:
          | 'excluded-session'
          | 'copied-history'
          | 'duplicate'
          | 'near-duplicate'
          | 'contained'
          | 'session-limit'
          | 'token-budget'
          | 'no-text';
        readonly sessionId: string;
      }[];
      /**
       * @description No message has all words: these have most of them
       * @constant
       */
      readonly partial?: true;
      /** @description What the reasons in `omitted` mean */
      readonly reasons?: {
        readonly [key: string]: string;
      };
      /** @description Sessions that have a passage in the answer */
      readonly sessionCount: number;
      /** @description For a prompt */
      readonly text: string;
      /** @description Of the answer as text, with its citations and markers, counted with `o200k_base` */
      readonly tokens: number;
    };
    readonly ToolResult: {
      readonly durationMs?: number;
      readonly isError: boolean;
      readonly messageId: string;
      /** @description The part with the result; the call itself if it contains its result */
      readonly partId: string;
      /** @description Of that message */
      readonly position: string;
    };
    readonly TrashPage: {
      /** @description Null on the last page */
      readonly cursor: string | null;
      readonly sessions: readonly {
        /** @description The same as `id` */
        readonly _id: string;
        readonly cacheReadTokens: number;
        readonly cacheWriteTokens: number;
        readonly completionTokens: number;
        /** @description US dollars that its agent reported */
        readonly cost: number;
        /** @description Milliseconds since the epoch */
        readonly createdAt: number;
        readonly durationMs: number;
        readonly endReason: string | null;
        readonly evalNotes: string | null;
        /** @description Meant for evaluations */
        readonly evalReady: boolean;
        /** @description The verdict of a person */
        readonly evalStatus: ('golden' | 'correct' | 'incorrect' | 'needs_review') | null;
        readonly evalTags: readonly string[];
        /** @description The answer that an evaluation expects */
        readonly expectedOutput: string | null;
        /** @description The id that its plugin gave it */
        readonly externalId: string;
        readonly firstActivityAt: number | null;
        /** @description The session that this one continues a copy of; it need not be stored */
        readonly forkedFromId: string | null;
        /** @description `ses_…`, assigned by OpenSync */
        readonly id: string;
        /** @description A snapshot has a public link */
        readonly isPublic: boolean;
        readonly lastActivityAt: number | null;
        readonly messageCount: number;
        readonly model: string | null;
        /** @description The session whose agent started this one; it need not be stored */
        readonly parentId: string | null;
        readonly projectName: string | null;
        readonly projectPath: string | null;
        readonly promptTokens: number;
        readonly provider: string | null;
        /** @description When the public link ends */
        readonly publicUntil: number | null;
        readonly reasoningTokens: number;
        /** @description Until then it can be restored */
        readonly restorableUntil: number;
        /** @description The tool that created it */
        readonly source: string;
        readonly title: string | null;
        readonly toolCallCount: number;
        readonly totalTokens: number;
        /** @description Milliseconds since the epoch */
        readonly updatedAt: number;
        /** @description The user that the session belongs to */
        readonly userId: string;
        /** @enum {string} */
        readonly visibility: 'private' | 'workspace';
      }[];
    };
    readonly Usage: {
      /** @description As `2026-11-30`, in UTC */
      readonly day: string;
      /** @description Limits of one key; null: there is none */
      readonly requestsPerMinute: {
        readonly ingest: number | null;
        readonly read: number | null;
      };
      /** @description When the next day begins */
      readonly resetsAt: number;
      readonly today: {
        readonly bytes: components['schemas']['Used'];
        readonly events: components['schemas']['Used'];
        readonly requests: components['schemas']['Used'];
      };
    };
    readonly Used: {
      /** @description Null: there is no limit */
      readonly limit: number | null;
      readonly used: number;
    };
    readonly Wrapped: {
      readonly activeDays: number;
      readonly busiestDay: string | null;
      /** @description With the most messages; null if nothing happened */
      readonly busiestHour: number | null;
      /** @description A day is compared with the week before it, others with the period before */
      readonly comparison: {
        readonly change: {
          /** @description On an average day, as a share: 0.5 is half as much again; null: none before */
          readonly messages: number | null;
          /** @description On an average day, as a share: 0.5 is half as much again; null: none before */
          readonly sessions: number | null;
          /** @description On an average day, as a share: 0.5 is half as much again; null: none before */
          readonly totalTokens: number | null;
          /** @description On an average day, as a share: 0.5 is half as much again; null: none before */
          readonly usd: number | null;
        };
        readonly days: number;
        /** @description Its first day; it ends where the period begins */
        readonly from: string;
        readonly messages: number;
        readonly sessions: number;
        readonly totalTokens: number;
        /** @description US dollars */
        readonly usd: number;
      };
      /** @description How many different names there were */
      readonly counts: {
        readonly models: number;
        readonly projects: number;
        readonly sources: number;
        readonly tools: number;
      };
      /** @description `2026-11-29`, `2026-W48`, `2026-11` or `2026` */
      readonly date: string;
      /** @description The days of the period; of a day, the seven before it as well */
      readonly days: readonly components['schemas']['WrappedDay'][];
      /** @enum {string} */
      readonly edition: 'day' | 'week' | 'month' | 'year';
      /** @description Milliseconds since the epoch */
      readonly from: number;
      /** @description By hour of the day: 24, from midnight on */
      readonly hours: readonly {
        readonly messages: number;
        readonly totalTokens: number;
      }[];
      /** @description Of the sessions that began in the period */
      readonly longestSessionMs: number;
      /** @description Within the period */
      readonly longestStreak: number;
      /** @description At most five, with the most tokens first */
      readonly models: readonly {
        readonly cost: components['schemas']['Cost'];
        readonly messages: number;
        /** @description Null: without a name */
        readonly name: string | null;
        readonly sessions: number;
        readonly totalTokens: number;
      }[];
      /** @enum {string} */
      readonly of: 'me' | 'workspace';
      /** @description Identifies the price table of the computed costs; null before the first */
      readonly prices: string | null;
      /** @description At most five, with the most tokens first */
      readonly projects: readonly {
        readonly cost: components['schemas']['Cost'];
        readonly messages: number;
        /** @description Null: without a name */
        readonly name: string | null;
        readonly sessions: number;
        readonly totalTokens: number;
      }[];
      /** @description At most five, with the most tokens first */
      readonly sources: readonly {
        readonly cost: components['schemas']['Cost'];
        readonly messages: number;
        /** @description Null: without a name */
        readonly name: string | null;
        readonly sessions: number;
        readonly totalTokens: number;
      }[];
      /** @description Active days in a row that end with the last day; 400 also stands for more */
      readonly streak: number;
      /** @description Milliseconds since the epoch */
      readonly to: number;
      /** @description At most five, with the most calls first */
      readonly tools: readonly {
        readonly calls: number;
        readonly errors: number;
        readonly name: string | null;
      }[];
      readonly totals: {
        readonly cacheReadTokens: number;
        readonly cacheWriteTokens: number;
        readonly completionTokens: number;
        readonly cost: components['schemas']['Cost'];
        readonly durationMs: number;
        readonly messages: number;
        readonly promptTokens: number;
        readonly reasoningTokens: number;
        readonly sessions: number;
        readonly toolCalls: number;
        readonly toolErrors: number;
        readonly totalTokens: number;
      };
      /** @description The time zone whose days these are; of the last day, if it has changed */
      readonly tz: string;
    };
    readonly WrappedDay: {
      readonly date: string;
      readonly messages: number;
      readonly sessions: number;
      readonly totalTokens: number;
      /** @description US dollars */
      readonly usd: number;
    };
    readonly WrappedDays: {
      readonly days: readonly components['schemas']['WrappedDay'][];
      /** @enum {string} */
      readonly of: 'me' | 'workspace';
      /** @description The time zone whose days these are; of the last day, if it has changed */
      readonly tz: string;
    };
  };
  responses: {
    /** @description An error. `Retry-After` says after how many seconds to repeat the request, if that makes sense. */
    readonly Error: {
      headers: {
        readonly 'Retry-After'?: number;
        readonly 'X-Request-Id': components['headers']['requestId'];
        readonly [name: string]: unknown;
      };
      content: {
        readonly 'application/json': components['schemas']['Error'];
      };
    };
  };
  parameters: {
    /** @description A new value for each request: a repetition with the same value is stored once */
    readonly IdempotencyKey: string;
    /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
    readonly WaitSequence: string;
  };
  requestBodies: never;
  headers: {
    /** @description The id of the request, for support: the one that the client sent, or a new one */
    readonly requestId: string;
    /** @description The position of the write, to send as `Osk-Wait-Sequence` or to ask for its receipt */
    readonly sequence: string;
  };
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  readonly get: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Open the console; as JSON: see whether the server is healthy */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Home'];
          readonly 'text/html': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiAnalytics: {
    readonly parameters: {
      readonly query?: {
        /** @description The first day in the time zone, such as 2026-01-31, or an instant in ISO 8601 or milliseconds. Takes text, up to 64 characters. */
        readonly from?: string;
        /** @description What the amounts are grouped by; `hour` is the hour of the week. Takes `day`, `hour`, `model`, `provider`, `source`, `project`, `user`, `tool`; default `day`. */
        readonly groupBy?: 'day' | 'hour' | 'model' | 'provider' | 'source' | 'project' | 'user' | 'tool';
        /** @description The day or instant after the last one. Takes text, up to 64 characters. */
        readonly to?: string;
        /** @description The time zone of days and hours. Takes time zone of the IANA database; default `UTC`. */
        readonly tz?: string;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The groups */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Analytics'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiAudit: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly sessions: readonly {
            readonly externalId: string;
            readonly lastMessageId?: string;
            readonly messageCount?: number;
          }[];
        };
      };
    };
    readonly responses: {
      /** @description What is stored of each */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['AuditAnswer'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiContext: {
    readonly parameters: {
      readonly query: {
        /** @description The verdict on it as an evaluation case. Takes `golden`, `correct`, `incorrect`, `needs_review`. */
        readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
        /** @description A session that the caller has before it, such as its own: the id of OpenSync or of its plugin. Takes text, up to 512 characters. */
        readonly excludeSession?: string;
        /** @description Text for a prompt, passages with their citations, or messages for a model. Takes `text`, `json`, `messages`; default `text`. */
        readonly format?: 'text' | 'json' | 'messages';
        /** @description Created at this time or later. Takes milliseconds since the epoch, or ISO 8601. */
        readonly from?: number | string;
        /** @description Whether a tool call failed: in the session, or for a search by message in the message itself. Takes `true`, `false`. */
        readonly hasErrors?: boolean;
        /** @description Maximum number of sessions. Takes whole number, 1 to 50; default 10. */
        readonly limit?: number;
        /** @description Maximum number of tokens, counted with `o200k_base`. Takes whole number, 256 to 32,000; default 4,000. */
        readonly maxTokens?: number;
        /** @description The session’s model. Takes text, up to 4,096 characters. */
        readonly model?: string;
        /** @description Only sessions that this one’s agent started, or forks of it; its `id`. Takes text, up to 256 characters. */
        readonly parent?: string;
        /** @description The name or the full path of its project. Takes text, up to 4,096 characters. */
        readonly project?: string;
        /** @description The provider of its model. Takes text, up to 4,096 characters. */
        readonly provider?: string;
        /** @description What the context is for: a question, a prompt, an error. Takes text, 1 to 32,768 characters; required. */
        readonly q: string;
        /** @description Only messages with this role are searched, such as `user` or `assistant`. Takes text, up to 256 characters. */
        readonly role?: string;
        /** @description The tool that created the session; `cursor` means `cursor-sync`. Takes text, up to 4,096 characters. */
        readonly source?: string;
        /** @description One of its tags. Takes text, up to 64 characters. */
        readonly tag?: string;
        /** @description Created before this time. Takes milliseconds since the epoch, or ISO 8601. */
        readonly to?: number | string;
        /** @description Only messages that use this tool are searched. Takes text, up to 256 characters. */
        readonly tool?: string;
        /** @description Only sessions of this member of the workspace; a `userId`. Takes text, up to 256 characters. */
        readonly user?: string;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The passages, the best ones first and last */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json':
            | components['schemas']['TextContext']
            | components['schemas']['MessagesContext']
            | components['schemas']['PassagesContext'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiContext: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          /** @description A session that the caller has before it, such as its own: the id of OpenSync or of its plugin. Takes text, up to 512 characters. */
          readonly excludeSession?: string;
          readonly filters?: {
            /**
             * @description The verdict on it as an evaluation case. Takes `golden`, `correct`, `incorrect`, `needs_review`.
             * @enum {string}
             */
            readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
            /** @description Created at this time or later. Takes milliseconds since the epoch, or ISO 8601. */
            readonly from?: number | string;
            /** @description Whether a tool call failed: in the session, or for a search by message in the message itself. Takes `true`, `false`. */
            readonly hasErrors?: boolean;
            /** @description The session’s model. Takes text, up to 4,096 characters. */
            readonly model?: string;
            /** @description Only sessions that this one’s agent started, or forks of it; its `id`. Takes text, up to 256 characters. */
            readonly parent?: string;
            /** @description The name or the full path of its project. Takes text, up to 4,096 characters. */
            readonly project?: string;
            /** @description The provider of its model. Takes text, up to 4,096 characters. */
            readonly provider?: string;
            /** @description Only messages with this role are searched, such as `user` or `assistant`. Takes text, up to 256 characters. */
            readonly role?: string;
            /** @description The tool that created the session; `cursor` means `cursor-sync`. Takes text, up to 4,096 characters. */
            readonly source?: string;
            /** @description One of its tags. Takes text, up to 64 characters. */
            readonly tag?: string;
            /** @description Created before this time. Takes milliseconds since the epoch, or ISO 8601. */
            readonly to?: number | string;
            /** @description Only messages that use this tool are searched. Takes text, up to 256 characters. */
            readonly tool?: string;
            /** @description Only sessions of this member of the workspace; a `userId`. Takes text, up to 256 characters. */
            readonly user?: string;
          };
          /**
           * @description Text for a prompt, passages with their citations, or messages for a model. Takes `text`, `json`, `messages`; default `text`.
           * @default text
           * @enum {string}
           */
          readonly format?: 'text' | 'json' | 'messages';
          /**
           * @description Maximum number of sessions. Takes whole number, 1 to 50; default 10.
           * @default 10
           */
          readonly limit?: number;
          /**
           * @description Maximum number of tokens, counted with `o200k_base`. Takes whole number, 256 to 32,000; default 4,000.
           * @default 4000
           */
          readonly maxTokens?: number;
          /** @description What the context is for: a question, a prompt, an error. Takes text, 1 to 32,768 characters; required. */
          readonly query: string;
        };
      };
    };
    readonly responses: {
      /** @description The passages, the best ones first and last */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json':
            | components['schemas']['TextContext']
            | components['schemas']['MessagesContext']
            | components['schemas']['PassagesContext'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiErasuresById: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `erasureId` */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The certificate */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Erasure'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiExport: {
    readonly parameters: {
      readonly query?: {
        /** @description Replace names, e-mails, paths, hosts and secrets by pseudonyms. Takes `true`, `false`; default `false`. */
        readonly anonymize?: 'true' | 'false';
        /** @description Put a file for each session, or the data and its companion file, into an archive. Takes `zip`. */
        readonly archive?: 'zip';
        /** @description Only code blocks of the answers in test cases. Takes `true`, `false`; default `false`. */
        readonly code_only?: 'true' | 'false';
        /** @description Characters of the conversation before each test case. Takes whole number, 0 to 1,000,000; default 20,000. */
        readonly context_chars?: number;
        /** @description The same as `from`. Takes milliseconds since the epoch, or ISO 8601. */
        readonly date_from?: number | string;
        /** @description Created on this day or before. Takes a date such as `2026-01-31`. */
        readonly date_to?: string;
        /** @description Whether the session is marked as ready for evaluations. Takes `true`, `false`. */
        readonly eval_ready?: 'true' | 'false';
        /** @description The verdict on it as an evaluation case. Takes `golden`, `correct`, `incorrect`, `needs_review`. */
        readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
        /** @description What is exported; see [Export](export.md). Takes `json`, `jsonl`, `markdown`, `html`, `csv`, `atif`, `chat`, `sharegpt`, `deepeval`, `openai`, `openai-api`, `promptfoo`, `ragas`, `langsmith`, `inspect`, `filesystem`, `files`; default `json`. */
        readonly format?:
          | 'json'
          | 'jsonl'
          | 'markdown'
          | 'html'
          | 'csv'
          | 'atif'
          | 'chat'
          | 'sharegpt'
          | 'deepeval'
          | 'openai'
          | 'openai-api'
          | 'promptfoo'
          | 'ragas'
          | 'langsmith'
          | 'inspect'
          | 'filesystem'
          | 'files';
        /** @description Created at this time or later. Takes milliseconds since the epoch, or ISO 8601. */
        readonly from?: number | string;
        /** @description Whether a tool call failed: in the session, or for a search by message in the message itself. Takes `true`, `false`. */
        readonly hasErrors?: boolean;
        /** @description Export only this session: its id, assigned by OpenSync or by its plugin. Takes text, up to 512 characters. */
        readonly id?: string;
        /** @description Whether rows say where they come from. Takes `true`, `false`; default `true`. */
        readonly include_metadata?: 'true' | 'false';
        /** @description Whether system messages are exported. Takes `true`, `false`; default `true`. */
        readonly include_system?: 'true' | 'false';
        /** @description Whether tool calls and their results are exported. Takes `true`, `false`; default `true`. */
        readonly include_tools?: 'true' | 'false';
        /** @description Maximum number of sessions. Takes whole number, 1 to 10,000,000. */
        readonly limit?: number;
        /** @description Tokens that the session has at least. Takes whole number, 0 to 9,007,199,254,740,991. */
        readonly min_tokens?: number;
        /** @description The session’s model. Takes text, up to 4,096 characters. */
        readonly model?: string;
        /** @description Oldest first, or newest first. Takes `asc`, `desc`; default `desc`. */
        readonly order?: 'asc' | 'desc';
        /** @description Only sessions that this one’s agent started, or forks of it; its `id`. Takes text, up to 256 characters. */
        readonly parent?: string;
        /** @description Return only the companion file of the formats `openai` and `openai-api`. Takes `registry`, `schema`. */
        readonly part?: 'registry' | 'schema';
        /** @description The name or the full path of its project. Takes text, up to 4,096 characters. */
        readonly project?: string;
        /** @description The provider of its model. Takes text, up to 4,096 characters. */
        readonly provider?: string;
        /** @description The tool that created the session; `cursor` means `cursor-sync`. Takes text, up to 4,096 characters. */
        readonly source?: string;
        /** @description The session’s verdict. Takes `golden`, `correct`, `incorrect`, `needs_review`. */
        readonly status?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
        /** @description One of its tags. Takes text, up to 64 characters. */
        readonly tag?: string;
        /** @description Any of these tags, separated by commas. Takes text, up to 4,096 characters. */
        readonly tags?: string;
        /** @description Created before this time. Takes milliseconds since the epoch, or ISO 8601. */
        readonly to?: number | string;
        /** @description The same as `source`. Takes text, up to 4,096 characters. */
        readonly tool?: string;
        /** @description How a session becomes test cases. Takes `per_turn`, `final_only`, `full`, `conversation`; default `per_turn`. */
        readonly turn_mode?: 'per_turn' | 'final_only' | 'full' | 'conversation';
        /** @description Only sessions of this member of the workspace; a `userId`. Takes text, up to 256 characters. */
        readonly user?: string;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The file */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly '*/*': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiExportEvals: {
    readonly parameters: {
      readonly query?: {
        /** @description Replace names, e-mails, paths, hosts and secrets by pseudonyms. Takes `true`, `false`; default `false`. */
        readonly anonymize?: 'true' | 'false';
        /** @description Put a file for each session, or the data and its companion file, into an archive. Takes `zip`. */
        readonly archive?: 'zip';
        /** @description Only code blocks of the answers in test cases. Takes `true`, `false`; default `false`. */
        readonly code_only?: 'true' | 'false';
        /** @description Characters of the conversation before each test case. Takes whole number, 0 to 1,000,000; default 20,000. */
        readonly context_chars?: number;
        /** @description The same as `from`. Takes milliseconds since the epoch, or ISO 8601. */
        readonly date_from?: number | string;
        /** @description Created on this day or before. Takes a date such as `2026-01-31`. */
        readonly date_to?: string;
        /** @description Whether the session is marked as ready for evaluations. Takes `true`, `false`. */
        readonly eval_ready?: 'true' | 'false';
        /** @description The verdict on it as an evaluation case. Takes `golden`, `correct`, `incorrect`, `needs_review`. */
        readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
        /** @description What is exported; see [Export](export.md). Takes `json`, `jsonl`, `markdown`, `html`, `csv`, `atif`, `chat`, `sharegpt`, `deepeval`, `openai`, `openai-api`, `promptfoo`, `ragas`, `langsmith`, `inspect`, `filesystem`, `files`; default `json`. */
        readonly format?:
          | 'json'
          | 'jsonl'
          | 'markdown'
          | 'html'
          | 'csv'
          | 'atif'
          | 'chat'
          | 'sharegpt'
          | 'deepeval'
          | 'openai'
          | 'openai-api'
          | 'promptfoo'
          | 'ragas'
          | 'langsmith'
          | 'inspect'
          | 'filesystem'
          | 'files';
        /** @description Created at this time or later. Takes milliseconds since the epoch, or ISO 8601. */
        readonly from?: number | string;
        /** @description Whether a tool call failed: in the session, or for a search by message in the message itself. Takes `true`, `false`. */
        readonly hasErrors?: boolean;
        /** @description Export only this session: its id, assigned by OpenSync or by its plugin. Takes text, up to 512 characters. */
        readonly id?: string;
        /** @description Whether rows say where they come from. Takes `true`, `false`; default `true`. */
        readonly include_metadata?: 'true' | 'false';
        /** @description Whether system messages are exported. Takes `true`, `false`; default `true`. */
        readonly include_system?: 'true' | 'false';
        /** @description Whether tool calls and their results are exported. Takes `true`, `false`; default `true`. */
        readonly include_tools?: 'true' | 'false';
        /** @description Maximum number of sessions. Takes whole number, 1 to 10,000,000. */
        readonly limit?: number;
        /** @description Tokens that the session has at least. Takes whole number, 0 to 9,007,199,254,740,991. */
        readonly min_tokens?: number;
        /** @description The session’s model. Takes text, up to 4,096 characters. */
        readonly model?: string;
        /** @description Oldest first, or newest first. Takes `asc`, `desc`; default `desc`. */
        readonly order?: 'asc' | 'desc';
        /** @description Only sessions that this one’s agent started, or forks of it; its `id`. Takes text, up to 256 characters. */
        readonly parent?: string;
        /** @description Return only the companion file of the formats `openai` and `openai-api`. Takes `registry`, `schema`. */
        readonly part?: 'registry' | 'schema';
        /** @description The name or the full path of its project. Takes text, up to 4,096 characters. */
        readonly project?: string;
        /** @description The provider of its model. Takes text, up to 4,096 characters. */
        readonly provider?: string;
        /** @description The tool that created the session; `cursor` means `cursor-sync`. Takes text, up to 4,096 characters. */
        readonly source?: string;
        /** @description The session’s verdict. Takes `golden`, `correct`, `incorrect`, `needs_review`. */
        readonly status?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
        /** @description One of its tags. Takes text, up to 64 characters. */
        readonly tag?: string;
        /** @description Any of these tags, separated by commas. Takes text, up to 4,096 characters. */
        readonly tags?: string;
        /** @description Created before this time. Takes milliseconds since the epoch, or ISO 8601. */
        readonly to?: number | string;
        /** @description The same as `source`. Takes text, up to 4,096 characters. */
        readonly tool?: string;
        /** @description How a session becomes test cases. Takes `per_turn`, `final_only`, `full`, `conversation`; default `per_turn`. */
        readonly turn_mode?: 'per_turn' | 'final_only' | 'full' | 'conversation';
        /** @description Only sessions of this member of the workspace; a `userId`. Takes text, up to 256 characters. */
        readonly user?: string;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The file */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly '*/*': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiInvitations: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The invitations, newest first */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Invitations'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiInvitations: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly email?: string;
          /** @default 7 */
          readonly expiresInDays?: number;
          /**
           * @default member
           * @enum {string}
           */
          readonly role?: 'owner' | 'admin' | 'member' | 'viewer' | 'analyst';
        };
      };
    };
    readonly responses: {
      /** @description The invitation, with its token */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['NewInvitation'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly deleteApiInvitationsById: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The invitation. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Nobody can accept it */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Done'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiJobs: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The jobs */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Jobs'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiJobsByNamePause: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `name` of a job */
        readonly name: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The job */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Job'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiJobsByNameResume: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `name` of a job */
        readonly name: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The job */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Job'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiJobsByNameRun: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `name` of a job */
        readonly name: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The job */
      readonly 202: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Job'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiKeys: {
    readonly parameters: {
      readonly query?: {
        /** @description Of the page before. */
        readonly cursor?: string;
        /** @description Rows of a page, 1 to 200; 50 by default. */
        readonly limit?: number;
        /** @description `workspace`: of all members, for owners and admins with the scope `admin`. */
        readonly of?: 'me' | 'workspace';
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description A page of keys */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ApiKeyPage'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiKeys: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly expiresAt?: unknown;
          readonly name: string;
          /**
           * @default [
           *       "ingest",
           *       "read"
           *     ]
           */
          readonly scopes?: readonly ('ingest' | 'read' | 'admin')[];
        };
      };
    };
    readonly responses: {
      /** @description The key, which is shown only here */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['NewApiKey'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly deleteApiKeysById: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The key. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description It gives no access on any gateway */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ApiKeyRecord'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiKeysByIdRotate: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The key. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          /** @default 24 */
          readonly overlapHours?: number;
        };
      };
    };
    readonly responses: {
      /** @description The new key, which is shown only here */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['RotatedApiKey'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiLive: {
    readonly parameters: {
      readonly query?: {
        /** @description The verdict on it as an evaluation case. Takes `golden`, `correct`, `incorrect`, `needs_review`. */
        readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
        /** @description Whether a tool call failed: in the session, or for a search by message in the message itself. Takes `true`, `false`. */
        readonly hasErrors?: boolean;
        /** @description Which events are sent, separated by commas. Takes `session`, `message`, `receipt`; default `session,message`. */
        readonly kinds?: string;
        /** @description The session’s model. Takes text, up to 4,096 characters. */
        readonly model?: string;
        /** @description Only sessions that this one’s agent started, or forks of it; its `id`. Takes text, up to 256 characters. */
        readonly parent?: string;
        /** @description The name or the full path of its project. Takes text, up to 4,096 characters. */
        readonly project?: string;
        /** @description The provider of its model. Takes text, up to 4,096 characters. */
        readonly provider?: string;
        /** @description The stream ends after this long; 0: it sends what was missed and ends. Takes whole number, 0 to 86,400. */
        readonly seconds?: number;
        /** @description Only this session: its id, assigned by OpenSync or by its plugin. Takes text, up to 512 characters. */
        readonly session?: string;
        /** @description The tool that created the session; `cursor` means `cursor-sync`. Takes text, up to 4,096 characters. */
        readonly source?: string;
        /** @description One of its tags. Takes text, up to 64 characters. */
        readonly tag?: string;
        /** @description Only sessions of this member of the workspace; a `userId`. Takes text, up to 256 characters. */
        readonly user?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The events, until the client or the server ends it */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'text/event-stream': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiLogs: {
    readonly parameters: {
      readonly query?: {
        /** @description The `cursor` of the previous page. Takes text, up to 200 characters. */
        readonly cursor?: string;
        /** @description The route as it is shown, such as `/api/sessions/:id`. Takes text, up to 200 characters. */
        readonly endpoint?: string;
        /** @description Ended at this time or later. Takes milliseconds since the epoch, or ISO 8601. */
        readonly from?: number | string;
        /** @description The key that the request carried. Takes text, up to 100 characters. */
        readonly keyId?: string;
        /** @description Maximum number of requests. Takes whole number, 1 to 200; default 50. */
        readonly limit?: number;
        /** @description The HTTP method. Takes text, up to 10 characters. */
        readonly method?: string;
        /** @description The id of one request, as in its answer. Takes text, up to 200 characters. */
        readonly requestId?: string;
        /** @description How the request ended. Takes a status such as `404`, or a class such as `4xx`. */
        readonly status?: string;
        /** @description Ended before this time. Takes milliseconds since the epoch, or ISO 8601. */
        readonly to?: number | string;
        /** @description The member of the workspace who sent it; others than oneself only for admins. Takes text, up to 100 characters. */
        readonly user?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description A page of requests */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LogPage'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly deleteApiMe: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly confirm: string;
        };
      };
    };
    readonly responses: {
      /** @description It has begun; `Location` shows how far it is */
      readonly 202: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ErasureBegun'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiMembers: {
    readonly parameters: {
      readonly query?: {
        /** @description Of the page before. */
        readonly cursor?: string;
        /** @description Rows of a page, 1 to 200; 50 by default. */
        readonly limit?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description A page of members */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['MemberPage'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly deleteApiMembersById: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The user. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The member has no access any more */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['MemberRemoved'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly patchApiMembersById: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The user. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          /** @enum {string} */
          readonly role: 'owner' | 'admin' | 'member' | 'viewer' | 'analyst';
        };
      };
    };
    readonly responses: {
      /** @description It applies from the next request */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['MemberRole'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiOperatorBackups: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The last ones */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Backups'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiOperatorDeadLetters: {
    readonly parameters: {
      readonly query?: {
        /** @description Only of this consumer, such as `documents`. Takes text, up to 100 characters. */
        readonly consumer?: string;
        /** @description The `cursor` of the previous page. Takes whole number, 1 to 9,007,199,254,740,991. */
        readonly cursor?: number;
        /** @description Maximum number of dead letters. Takes whole number, 1 to 200; default 50. */
        readonly limit?: number;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description A page of dead letters */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['DeadLetterPage'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiOperatorDeadLettersById: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The id of a dead letter. Takes whole number. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The letter with its body */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['DeadLetter'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiOperatorDeadLettersDrop: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly ids: readonly number[];
        };
      };
    };
    readonly responses: {
      /** @description Which were there */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['DroppedLetters'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiOperatorDeadLettersReplay: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly ids: readonly number[];
        };
      };
    };
    readonly responses: {
      /** @description What came of each */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ReplayedLetters'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiOperatorDocuments: {
    readonly parameters: {
      readonly query?: {
        /** @description The `cursor` of the previous page. Takes text, up to 2,000 characters. */
        readonly cursor?: string;
        /** @description Maximum number of documents. Takes whole number, 1 to 200; default 50. */
        readonly limit?: number;
        /** @description Lists the messages of this session instead of sessions. Takes an id `ses_…`. */
        readonly session?: string;
        /** @description The id of the user; default: the caller. Takes an id `usr_…`. */
        readonly user?: string;
        /** @description The id of the workspace; default: that of the caller. Takes an id `wsp_…`. */
        readonly workspace?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description A page of sessions, newest first, or of messages */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['DocumentPage'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiOperatorDocumentsById: {
    readonly parameters: {
      readonly query?: {
        /** @description The id of the user; default: the caller. Takes an id `usr_…`. */
        readonly user?: string;
        /** @description The id of the workspace; default: that of the caller. Takes an id `wsp_…`. */
        readonly workspace?: string;
      };
      readonly header?: never;
      readonly path: {
        /** @description The id of a session or a message. Takes `ses_…` or `msg_…`. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The document */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['StoredDocument'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiOperatorEventsBySequence: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The position of the event in the log. Takes whole number. */
        readonly sequence: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The event */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['StoredEvent'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiOperatorGenerations: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Each store */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Generations'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiOperatorOwners: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Whose documents can be looked at */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Owners'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiOperatorProcesses: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Those that answered */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Processes'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiOperatorSettings: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Each with its value and where that comes from */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['ServerSettings'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiOperatorStatus: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The state of the installation */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['OperatorStatus'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiProjections: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Each projection */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Projections'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiReceiptsBySequence: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path: {
        /** @description The `Osk-Sequence` of a write. Takes `pos_…`. */
        readonly sequence: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description How far it has come */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Receipt'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiReview: {
    readonly parameters: {
      readonly query?: {
        /** @description The `cursor` of the previous page. Takes text, up to 8,000 characters. */
        readonly cursor?: string;
        /** @description Maximum number of sessions. Takes whole number, 1 to 50; default 20. */
        readonly limit?: number;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description A page of sessions */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SessionPage'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiSearch: {
    readonly parameters: {
      readonly query: {
        /** @description The `cursor` of the previous page. Takes text, up to 8,000 characters. */
        readonly cursor?: string;
        /** @description The verdict on it as an evaluation case. Takes `golden`, `correct`, `incorrect`, `needs_review`. */
        readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
        /** @description Count the values of these among all that is found; `role` and `tool` in a search by message. Takes some of `source`, `model`, `provider`, `project`, `tag`, `user`, `evalStatus`, `role`, `tool`. */
        readonly facets?: readonly (
          'source' | 'model' | 'provider' | 'project' | 'tag' | 'user' | 'evalStatus' | 'role' | 'tool'
        )[];
        /** @description Created at this time or later. Takes milliseconds since the epoch, or ISO 8601. */
        readonly from?: number | string;
        /** @description Whether a tool call failed: in the session, or for a search by message in the message itself. Takes `true`, `false`. */
        readonly hasErrors?: boolean;
        /** @description What a result is: a session, or each message by itself. Takes `session`, `message`; default `session`. */
        readonly level?: 'session' | 'message';
        /** @description Maximum number of results. Takes whole number, 1 to 100; default 20. */
        readonly limit?: number;
        /** @description The session’s model. Takes text, up to 4,096 characters. */
        readonly model?: string;
        /** @description Only sessions that this one’s agent started, or forks of it; its `id`. Takes text, up to 256 characters. */
        readonly parent?: string;
        /** @description The name or the full path of its project. Takes text, up to 4,096 characters. */
        readonly project?: string;
        /** @description The provider of its model. Takes text, up to 4,096 characters. */
        readonly provider?: string;
        /** @description What to search for. Takes text, 1 to 32,768 characters; required. */
        readonly q: string;
        /** @description Only messages with this role are searched, such as `user` or `assistant`. Takes text, up to 256 characters. */
        readonly role?: string;
        /** @description The tool that created the session; `cursor` means `cursor-sync`. Takes text, up to 4,096 characters. */
        readonly source?: string;
        /** @description One of its tags. Takes text, up to 64 characters. */
        readonly tag?: string;
        /** @description Created before this time. Takes milliseconds since the epoch, or ISO 8601. */
        readonly to?: number | string;
        /** @description Only messages that use this tool are searched. Takes text, up to 256 characters. */
        readonly tool?: string;
        /** @description Search by keyword, by meaning, or both. Takes `fulltext`, `semantic`, `hybrid`; default `fulltext`. */
        readonly type?: 'fulltext' | 'semantic' | 'hybrid';
        /** @description Only sessions of this member of the workspace; a `userId`. Takes text, up to 256 characters. */
        readonly user?: string;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The sessions that match best */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SearchAnswer'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiSessions: {
    readonly parameters: {
      readonly query?: {
        /** @description The `cursor` of the previous page. Takes text, up to 8,000 characters. */
        readonly cursor?: string;
        /** @description The verdict on it as an evaluation case. Takes `golden`, `correct`, `incorrect`, `needs_review`. */
        readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
        /** @description Created at this time or later. Takes milliseconds since the epoch, or ISO 8601. */
        readonly from?: number | string;
        /** @description Whether a tool call failed: in the session, or for a search by message in the message itself. Takes `true`, `false`. */
        readonly hasErrors?: boolean;
        /** @description Maximum number of sessions. Takes whole number, 1 to 200; default 50. */
        readonly limit?: number;
        /** @description Tokens that it has at least. Takes whole number, 0 to 9,007,199,254,740,991. */
        readonly minTokens?: number;
        /** @description The session’s model. Takes text, up to 4,096 characters. */
        readonly model?: string;
        /** @description Oldest first, or newest first. Takes `asc`, `desc`; default `desc`. */
        readonly order?: 'asc' | 'desc';
        /** @description Only sessions that this one’s agent started, or forks of it; its `id`. Takes text, up to 256 characters. */
        readonly parent?: string;
        /** @description The name or the full path of its project. Takes text, up to 4,096 characters. */
        readonly project?: string;
        /** @description The provider of its model. Takes text, up to 4,096 characters. */
        readonly provider?: string;
        /** @description The field to sort by. Takes `createdAt`, `updatedAt`; default `createdAt`. */
        readonly sort?: 'createdAt' | 'updatedAt';
        /** @description The tool that created the session; `cursor` means `cursor-sync`. Takes text, up to 4,096 characters. */
        readonly source?: string;
        /** @description One of its tags. Takes text, up to 64 characters. */
        readonly tag?: string;
        /** @description Created before this time. Takes milliseconds since the epoch, or ISO 8601. */
        readonly to?: number | string;
        /** @description Only sessions of this member of the workspace; a `userId`. Takes text, up to 256 characters. */
        readonly user?: string;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description A page of sessions */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SessionPage'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiSessionsById: {
    readonly parameters: {
      readonly query?: {
        /** @description The messages after this one: a `position`, or the id of a message. Takes text, up to 512 characters. */
        readonly after?: string;
        /** @description This message with its neighbors: a `position`, or the id of a message. Takes text, up to 512 characters. */
        readonly around?: string;
        /** @description The last messages before this one: a `position`, or the id of a message. Takes text, up to 512 characters. */
        readonly before?: string;
        /** @description Return blobs as links or as they were sent; see Media. Takes `link`, `inline`. */
        readonly media?: 'link' | 'inline';
        /** @description The `messageCursor` of the previous page. Takes text, up to 1,000 characters. */
        readonly messageCursor?: string;
        /** @description Maximum number of messages. Takes whole number, 1 to 1,000; default 1,000. */
        readonly messageLimit?: number;
        /** @description Characters after which texts and contents are cut; see Previews. Takes whole number, 100 to 100,000. */
        readonly preview?: number;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path: {
        /** @description The session’s id, assigned by OpenSync or by its plugin. Takes text, 1 to 512 characters. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The session and a page of its messages */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SessionWithMessages'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly deleteApiSessionsById: {
    readonly parameters: {
      readonly query?: {
        /** @description Delete it for good at once; it cannot be restored. Takes `true`, `false`. */
        readonly permanent?: 'true' | 'false';
      };
      readonly header?: {
        /** @description A new value for each request: a repetition with the same value is stored once */
        readonly 'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path: {
        /** @description The session’s id, assigned by OpenSync or by its plugin. Takes text, 1 to 512 characters. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The deletion is stored */
      readonly 200: {
        headers: {
          readonly 'Osk-Sequence': components['headers']['sequence'];
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['DeletedSession'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly patchApiSessionsById: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description A new value for each request: a repetition with the same value is stored once */
        readonly 'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
        /** @description The `ETag` of the session: the command fails with `409` if a person has changed it since. */
        readonly 'If-Match'?: string;
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path: {
        /** @description The session’s id, assigned by OpenSync or by its plugin. Takes text, 1 to 512 characters. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly evalNotes?: string | null;
          readonly evalReady?: boolean;
          readonly evalStatus?: ('golden' | 'correct' | 'incorrect' | 'needs_review') | null;
          readonly evalTags?: readonly string[];
          readonly expectedOutput?: string | null;
          readonly expiresAt?: unknown | null;
          readonly isPublic?: boolean;
          readonly title?: string;
          /** @enum {string} */
          readonly visibility?: 'private' | 'workspace';
        };
      };
    };
    readonly responses: {
      /** @description The change is stored */
      readonly 200: {
        headers: {
          readonly 'Osk-Sequence': components['headers']['sequence'];
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['CuratedSession'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiSessionsByIdMediaBySha256: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path: {
        /** @description The session’s id, assigned by OpenSync or by its plugin. Takes text, 1 to 512 characters. */
        readonly id: string;
        /** @description The SHA-256 of a blob that the session has. Takes 64 hexadecimal digits. */
        readonly sha256: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The bytes */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly '*/*': unknown;
        };
      };
      /** @description The requested range of them */
      readonly 206: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly '*/*': unknown;
        };
      };
      /** @description The client has them already */
      readonly 304: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiSessionsByIdMessagesByMessageIdContent: {
    readonly parameters: {
      readonly query?: {
        /** @description Return blobs as links or as they were sent; see Media. Takes `link`, `inline`. */
        readonly media?: 'link' | 'inline';
        /** @description Which of the part. Takes `content`, `extra`; default `content`. */
        readonly of?: 'content' | 'extra';
        /** @description The `order` of a part; without it, the message’s own text. Takes whole number, 0 to 10,000. */
        readonly part?: number;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path: {
        /** @description The session’s id, assigned by OpenSync or by its plugin. Takes text, 1 to 512 characters. */
        readonly id: string;
        /** @description A message of the session. Takes `msg_…`. */
        readonly messageId: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The text, content or extra, whole, as JSON */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiSessionsByIdOutline: {
    readonly parameters: {
      readonly query?: {
        /** @description The `cursor` of the previous page. Takes text, up to 512 characters. */
        readonly cursor?: string;
        /** @description Maximum number of messages. Takes whole number, 1 to 10,000; default 10,000. */
        readonly limit?: number;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path: {
        /** @description The session’s id, assigned by OpenSync or by its plugin. Takes text, 1 to 512 characters. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The outline, or a page of it */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SessionOutline'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiSessionsByIdRestore: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description A new value for each request: a repetition with the same value is stored once */
        readonly 'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path: {
        /** @description The session’s id, assigned by OpenSync or by its plugin. Takes text, 1 to 512 characters. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The session is back */
      readonly 200: {
        headers: {
          readonly 'Osk-Sequence': components['headers']['sequence'];
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['CuratedSession'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiSessionsByIdSearch: {
    readonly parameters: {
      readonly query: {
        /** @description The `cursor` of the previous page. Takes text, up to 512 characters. */
        readonly cursor?: string;
        /** @description Maximum number of messages. Takes whole number, 1 to 200; default 50. */
        readonly limit?: number;
        /** @description What to search for. Takes text, 1 to 32,768 characters; required. */
        readonly q: string;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path: {
        /** @description The session’s id, assigned by OpenSync or by its plugin. Takes text, 1 to 512 characters. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The messages that match, in the order of the session */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SessionSearch'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postApiSessionsBulk: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description A new value for each request: a repetition with the same value is stored once */
        readonly 'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json':
          | {
              /** @constant */
              readonly command: 'set';
              readonly filter?: {
                /** @enum {string} */
                readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
                readonly from?: unknown;
                readonly hasErrors?: boolean;
                readonly minTokens?: number;
                readonly model?: string;
                readonly parent?: string;
                readonly project?: string;
                readonly provider?: string;
                readonly source?: string;
                readonly tag?: string;
                readonly to?: unknown;
                readonly user?: string;
              };
              readonly ids?: readonly string[];
              /** @default 200 */
              readonly limit?: number;
              readonly set: {
                readonly evalNotes?: string | null;
                readonly evalReady?: boolean;
                readonly evalStatus?: ('golden' | 'correct' | 'incorrect' | 'needs_review') | null;
                readonly evalTags?: readonly string[];
                readonly expectedOutput?: string | null;
                readonly title?: string;
                /** @enum {string} */
                readonly visibility?: 'private' | 'workspace';
              };
            }
          | {
              readonly add?: readonly string[];
              /** @constant */
              readonly command: 'tag';
              readonly filter?: {
                /** @enum {string} */
                readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
                readonly from?: unknown;
                readonly hasErrors?: boolean;
                readonly minTokens?: number;
                readonly model?: string;
                readonly parent?: string;
                readonly project?: string;
                readonly provider?: string;
                readonly source?: string;
                readonly tag?: string;
                readonly to?: unknown;
                readonly user?: string;
              };
              readonly ids?: readonly string[];
              /** @default 200 */
              readonly limit?: number;
              readonly remove?: readonly string[];
            }
          | {
              /** @constant */
              readonly command: 'delete';
              readonly filter?: {
                /** @enum {string} */
                readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
                readonly from?: unknown;
                readonly hasErrors?: boolean;
                readonly minTokens?: number;
                readonly model?: string;
                readonly parent?: string;
                readonly project?: string;
                readonly provider?: string;
                readonly source?: string;
                readonly tag?: string;
                readonly to?: unknown;
                readonly user?: string;
              };
              readonly ids?: readonly string[];
              /** @default 200 */
              readonly limit?: number;
            }
          | {
              /** @constant */
              readonly command: 'restore';
              readonly filter?: {
                /** @enum {string} */
                readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
                readonly from?: unknown;
                readonly hasErrors?: boolean;
                readonly minTokens?: number;
                readonly model?: string;
                readonly parent?: string;
                readonly project?: string;
                readonly provider?: string;
                readonly source?: string;
                readonly tag?: string;
                readonly to?: unknown;
                readonly user?: string;
              };
              readonly ids?: readonly string[];
              /** @default 200 */
              readonly limit?: number;
            };
      };
    };
    readonly responses: {
      /** @description All items succeeded */
      readonly 200: {
        headers: {
          readonly 'Osk-Sequence': components['headers']['sequence'];
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['BulkAnswer'];
        };
      };
      /** @description Some items failed */
      readonly 207: {
        headers: {
          readonly 'Osk-Sequence': components['headers']['sequence'];
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['BulkAnswer'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiSessionsGet: {
    readonly parameters: {
      readonly query: {
        /** @description The messages after this one: a `position`, or the id of a message. Takes text, up to 512 characters. */
        readonly after?: string;
        /** @description This message with its neighbors: a `position`, or the id of a message. Takes text, up to 512 characters. */
        readonly around?: string;
        /** @description The last messages before this one: a `position`, or the id of a message. Takes text, up to 512 characters. */
        readonly before?: string;
        /** @description The session’s id, assigned by OpenSync or by its plugin. Takes text, 1 to 512 characters; required. */
        readonly id: string;
        /** @description Return blobs as links or as they were sent; see Media. Takes `link`, `inline`. */
        readonly media?: 'link' | 'inline';
        /** @description The `messageCursor` of the previous page. Takes text, up to 1,000 characters. */
        readonly messageCursor?: string;
        /** @description Maximum number of messages. Takes whole number, 1 to 1,000; default 1,000. */
        readonly messageLimit?: number;
        /** @description Characters after which texts and contents are cut; see Previews. Takes whole number, 100 to 100,000. */
        readonly preview?: number;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The session and a page of its messages */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SessionAndMessages'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiStats: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The totals */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Stats'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiTrash: {
    readonly parameters: {
      readonly query?: {
        /** @description The `cursor` of the previous page. Takes text, up to 8,000 characters. */
        readonly cursor?: string;
        /** @description Maximum number of sessions. Takes whole number, 1 to 50; default 20. */
        readonly limit?: number;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description A page of sessions */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['TrashPage'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiUsage: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description What was used, and the limits */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Usage'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiWrapped: {
    readonly parameters: {
      readonly query?: {
        /** @description How many days, up to today. Takes whole number, 1 to 366; default 30. */
        readonly limit?: number;
        /** @description The caller’s own sessions, or those that members share with the workspace. Takes `me`, `workspace`; default `me`. */
        readonly of?: 'me' | 'workspace';
        /** @description The time zone whose days are summed up. Takes time zone of the IANA database; default `OPENSYNC_TIME_ZONE`. */
        readonly tz?: string;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The days, the latest first */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['WrappedDays'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApiWrappedByDate: {
    readonly parameters: {
      readonly query?: {
        /** @description Of a picture; another one each day by default. Takes `poster`, `aurora`, `receipt`, `skyline`, `rings`, `terminal`. */
        readonly design?: 'poster' | 'aurora' | 'receipt' | 'skyline' | 'rings' | 'terminal';
        /** @description The caller’s own sessions, or those that members share with the workspace. Takes `me`, `workspace`; default `me`. */
        readonly of?: 'me' | 'workspace';
        /** @description Of a picture, in pixels. Takes `1080x1920`, `1200x630`; default `1080x1920`. */
        readonly size?: '1080x1920' | '1200x630';
        /** @description Of a picture. Takes `light`, `dark`; default `dark`. */
        readonly theme?: 'light' | 'dark';
        /** @description The time zone whose days are summed up. Takes time zone of the IANA database; default `OPENSYNC_TIME_ZONE`. */
        readonly tz?: string;
      };
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path: {
        /** @description A day, week, month or year. Takes `2026-11-29`, `2026-W48`, `2026-11` or `2026`. */
        readonly date: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The summary; `text/markdown` with `.md`, `image/png` with `.png` */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Wrapped'];
        };
      };
      /** @description The client has the picture already */
      readonly 304: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getApp: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Open a page of the console */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Home'];
          readonly 'text/css': unknown;
          readonly 'text/html': unknown;
          readonly 'text/javascript': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getAppByPage: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description Which page is shown, and what of. Takes text. */
        readonly page: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Open a page of the console */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Home'];
          readonly 'text/css': unknown;
          readonly 'text/html': unknown;
          readonly 'text/javascript': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getAppByPageById: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description Which page is shown, and what of. Takes text. */
        readonly id: string;
        /** @description Which page is shown, and what of. Takes text. */
        readonly page: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Open a page of the console */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Home'];
          readonly 'text/css': unknown;
          readonly 'text/html': unknown;
          readonly 'text/javascript': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getAppByPageByIdByPart: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description Which page is shown, and what of. Takes text. */
        readonly id: string;
        /** @description Which page is shown, and what of. Takes text. */
        readonly page: string;
        /** @description Which page is shown, and what of. Takes text. */
        readonly part: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Open a page of the console */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Home'];
          readonly 'text/css': unknown;
          readonly 'text/html': unknown;
          readonly 'text/javascript': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getAuthCallbackByProvider: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description Which one sends the browser back. */
        readonly provider: 'oidc' | 'workos';
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Where the person continues, with the cookie of a login, or the login page */
      readonly 303: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postAuthConnect: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description With a cookie: the `csrfToken` of `GET /auth/session`. Every write with a cookie needs it. */
        readonly 'X-CSRF-Token'?: string;
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          /** @enum {string} */
          readonly provider: 'oidc' | 'workos';
          readonly return?: string;
        };
      };
    };
    readonly responses: {
      /** @description Where this continues */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoginContinues'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postAuthInvitation: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly token: string;
        };
      };
    };
    readonly responses: {
      /** @description The workspace and the role */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Invited'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postAuthInvitationJoin: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly token: string;
        };
      };
    };
    readonly responses: {
      /** @description The caller is a member */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Joined'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getAuthLogin: {
    readonly parameters: {
      readonly query?: {
        /** @description The path to continue at; anything else continues at `/`. */
        readonly return?: string;
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The page */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'text/html': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getAuthLoginJs: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The script */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'text/javascript': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postAuthLoginInvitation: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly token: string;
        };
      };
    };
    readonly responses: {
      /** @description Who is logged in */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoginSession'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postAuthLoginKey: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': Record<string, never>;
      };
    };
    readonly responses: {
      /** @description Who is logged in */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoginSession'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postAuthLoginLink: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly token: string;
        };
      };
    };
    readonly responses: {
      /** @description Who is logged in */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoginSession'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postAuthLoginProvider: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly invitation?: string;
          /** @enum {string} */
          readonly provider: 'oidc' | 'workos';
          readonly return?: string;
        };
      };
    };
    readonly responses: {
      /** @description Where the login continues */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoginContinues'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getAuthLogins: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The logins, the most recently used one first */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Logins'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly deleteAuthLoginsById: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description With a cookie: the `csrfToken` of `GET /auth/session`. Every write with a cookie needs it. */
        readonly 'X-CSRF-Token'?: string;
      };
      readonly path: {
        /** @description The login. */
        readonly id: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description It has ended on every gateway */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Done'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postAuthLogout: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description With a cookie: the `csrfToken` of `GET /auth/session`. Every write with a cookie needs it. */
        readonly 'X-CSRF-Token'?: string;
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': Record<string, never>;
      };
    };
    readonly responses: {
      /** @description The login has ended on every gateway */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoggedOut'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getAuthProviders: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The providers */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoginProviders'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getAuthSession: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The caller; with a cookie also the login and its CSRF token */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['LoginSession'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postAuthWorkosWebhook: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description What changed is stored */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Done'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getDocs: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Read the documentation: all pages */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'text/html': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getDocsByPage: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The name of the page; with `.md` it is sent as Markdown. Takes text. */
        readonly page: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description A page of the documentation */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'text/html': unknown;
          readonly 'text/markdown': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getDocsAdrByPage: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The name of the page; with `.md` it is sent as Markdown. Takes text. */
        readonly page: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description A decision about the architecture */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'text/html': unknown;
          readonly 'text/markdown': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getDocsApi: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Read this document as a page */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'text/html': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getDocsRunbooksByPage: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The name of the page; with `.md` it is sent as Markdown. Takes text. */
        readonly page: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description What an alert means, and what to do */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'text/html': unknown;
          readonly 'text/markdown': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getDocsSearch: {
    readonly parameters: {
      readonly query: {
        /** @description Maximum number of results. Takes whole number, 1 to 50; default 10. */
        readonly limit?: number;
        /** @description What to look for in the documentation. Takes text, 1 to 1,000 characters; required. */
        readonly q: string;
        /** @description Search by keyword, by meaning, or both. Takes `fulltext`, `semantic`, `hybrid`; default `hybrid`. */
        readonly type?: 'fulltext' | 'semantic' | 'hybrid';
      };
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The sections that match best */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['DocsAnswer'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getHealth: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Ask whether the process answers */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            /** @constant */
            readonly status: 'ok';
          };
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getLivez: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Ask whether the process should be restarted (`503`) */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': {
            /** @constant */
            readonly status: 'ok';
          };
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getLlmsTxt: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description List the pages of the documentation for agents */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'text/plain': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postMcp: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': Record<string, never> | readonly unknown[];
      };
    };
    readonly responses: {
      /** @description The answer, as JSON or as one server-sent event */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly '*/*': unknown;
        };
      };
      /** @description A notification has no answer */
      readonly 202: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content?: never;
      };
      /** @description No message of the protocol */
      readonly 400: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['McpError'];
        };
      };
      /** @description The client does not accept both JSON and server-sent events */
      readonly 406: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['McpError'];
        };
      };
      /** @description The message is too large */
      readonly 413: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['McpError'];
        };
      };
      /** @description The message is not JSON */
      readonly 415: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['McpError'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getOpenapiJson: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Read this document */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': unknown;
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getPublicBySlug: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `publicSlug` of the session. */
        readonly slug: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The redacted snapshot */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['PublicSession'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getReadyz: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description Ask whether the process can take requests (`503`: not now) */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['Readiness'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getSBySlug: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: never;
      readonly path: {
        /** @description The `publicSlug` of the session. */
        readonly slug: string;
      };
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The redacted snapshot */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['PublicSession'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postSearch: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          /** @description The `cursor` of the previous page. Takes text, up to 8,000 characters. */
          readonly cursor?: string;
          /** @description Count the values of these among all that is found; `role` and `tool` in a search by message. Takes some of `source`, `model`, `provider`, `project`, `tag`, `user`, `evalStatus`, `role`, `tool`. */
          readonly facets?: readonly (
            'source' | 'model' | 'provider' | 'project' | 'tag' | 'user' | 'evalStatus' | 'role' | 'tool'
          )[];
          readonly filters?: {
            /**
             * @description The verdict on it as an evaluation case. Takes `golden`, `correct`, `incorrect`, `needs_review`.
             * @enum {string}
             */
            readonly evalStatus?: 'golden' | 'correct' | 'incorrect' | 'needs_review';
            /** @description Created at this time or later. Takes milliseconds since the epoch, or ISO 8601. */
            readonly from?: number | string;
            /** @description Whether a tool call failed: in the session, or for a search by message in the message itself. Takes `true`, `false`. */
            readonly hasErrors?: boolean;
            /** @description The session’s model. Takes text, up to 4,096 characters. */
            readonly model?: string;
            /** @description Only sessions that this one’s agent started, or forks of it; its `id`. Takes text, up to 256 characters. */
            readonly parent?: string;
            /** @description The name or the full path of its project. Takes text, up to 4,096 characters. */
            readonly project?: string;
            /** @description The provider of its model. Takes text, up to 4,096 characters. */
            readonly provider?: string;
            /** @description Only messages with this role are searched, such as `user` or `assistant`. Takes text, up to 256 characters. */
            readonly role?: string;
            /** @description The tool that created the session; `cursor` means `cursor-sync`. Takes text, up to 4,096 characters. */
            readonly source?: string;
            /** @description One of its tags. Takes text, up to 64 characters. */
            readonly tag?: string;
            /** @description Created before this time. Takes milliseconds since the epoch, or ISO 8601. */
            readonly to?: number | string;
            /** @description Only messages that use this tool are searched. Takes text, up to 256 characters. */
            readonly tool?: string;
            /** @description Only sessions of this member of the workspace; a `userId`. Takes text, up to 256 characters. */
            readonly user?: string;
          };
          /**
           * @description What a result is: a session, or each message by itself. Takes `session`, `message`; default `session`.
           * @default session
           * @enum {string}
           */
          readonly level?: 'session' | 'message';
          /**
           * @description Maximum number of results. Takes whole number, 1 to 100; default 20.
           * @default 20
           */
          readonly limit?: number;
          /** @description What to search for. Takes text, 1 to 32,768 characters; required. */
          readonly query: string;
          /**
           * @description Search by keyword, by meaning, or both. Takes `fulltext`, `semantic`, `hybrid`; default `fulltext`.
           * @default fulltext
           * @enum {string}
           */
          readonly type?: 'fulltext' | 'semantic' | 'hybrid';
        };
      };
    };
    readonly responses: {
      /** @description The sessions that match best */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SearchAnswer'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postSyncBatch: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description A new value for each request: a repetition with the same value is stored once */
        readonly 'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          /** @description Messages */
          readonly messages?: readonly ({
            readonly cacheReadTokens?: number;
            readonly cacheWriteTokens?: number;
            readonly completionTokens?: number;
            readonly cost?: number;
            /** @description Milliseconds since the epoch; seconds, ISO 8601 and RFC 2822 are understood, too */
            readonly createdAt?: unknown;
            readonly durationMs?: number;
            /** @description The plugin's id of the message */
            readonly externalId: string;
            readonly model?: string;
            /** @description Replace the parts of the message */
            readonly parts?: readonly ({
              readonly content?: unknown;
              /** @description Such as `text`, `tool-call`, `tool-result` */
              readonly type?: string;
            } & {
              readonly [key: string]: unknown;
            })[];
            readonly promptTokens?: number;
            readonly provider?: string;
            readonly reasoningTokens?: number;
            readonly requestId?: string;
            readonly role?: string;
            /** @description The plugin's id of its session */
            readonly sessionExternalId: string;
            readonly source?: string;
            readonly textContent?: string;
          } & {
            readonly [key: string]: unknown;
          })[];
          /** @description Sessions */
          readonly sessions?: readonly ({
            readonly cacheReadTokens?: number;
            readonly cacheWriteTokens?: number;
            readonly completionTokens?: number;
            readonly cost?: number;
            /** @description Milliseconds since the epoch; seconds, ISO 8601 and RFC 2822 are understood, too */
            readonly createdAt?: unknown;
            readonly durationMs?: number;
            readonly endReason?: string;
            /** @description The plugin's id of the session */
            readonly externalId: string;
            readonly forkedFromExternalId?: string;
            readonly messageCount?: number;
            readonly model?: string;
            readonly parentExternalId?: string;
            readonly projectName?: string;
            readonly projectPath?: string;
            readonly promptTokens?: number;
            readonly provider?: string;
            readonly reasoningTokens?: number;
            readonly source?: string;
            readonly title?: string;
            readonly toolCallCount?: number;
            readonly totalTokens?: number;
          } & {
            readonly [key: string]: unknown;
          })[];
        } & {
          readonly [key: string]: unknown;
        };
      };
    };
    readonly responses: {
      /** @description All are on disk */
      readonly 200: {
        headers: {
          readonly 'Osk-Sequence': components['headers']['sequence'];
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['BatchStored'];
        };
      };
      /** @description Some were not stored; `results` says which */
      readonly 207: {
        headers: {
          readonly 'Osk-Sequence': components['headers']['sequence'];
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['BatchStored'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postSyncMessage: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description A new value for each request: a repetition with the same value is stored once */
        readonly 'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly cacheReadTokens?: number;
          readonly cacheWriteTokens?: number;
          readonly completionTokens?: number;
          readonly cost?: number;
          /** @description Milliseconds since the epoch; seconds, ISO 8601 and RFC 2822 are understood, too */
          readonly createdAt?: unknown;
          readonly durationMs?: number;
          /** @description The plugin's id of the message */
          readonly externalId: string;
          readonly model?: string;
          /** @description Replace the parts of the message */
          readonly parts?: readonly ({
            readonly content?: unknown;
            /** @description Such as `text`, `tool-call`, `tool-result` */
            readonly type?: string;
          } & {
            readonly [key: string]: unknown;
          })[];
          readonly promptTokens?: number;
          readonly provider?: string;
          readonly reasoningTokens?: number;
          readonly requestId?: string;
          readonly role?: string;
          /** @description The plugin's id of its session */
          readonly sessionExternalId: string;
          readonly source?: string;
          readonly textContent?: string;
        } & {
          readonly [key: string]: unknown;
        };
      };
    };
    readonly responses: {
      /** @description It is on disk */
      readonly 200: {
        headers: {
          readonly 'Osk-Sequence': components['headers']['sequence'];
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['MessageStored'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postSyncMetadata: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          /** @description Ids of messages */
          readonly messages?: readonly ({
            readonly externalId?: string;
            readonly sessionExternalId?: string;
          } & {
            readonly [key: string]: unknown;
          })[];
          /** @description The plugin's ids of sessions */
          readonly sessions?: readonly string[];
        } & {
          readonly [key: string]: unknown;
        };
      };
    };
    readonly responses: {
      /** @description Those that are stored */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SyncedMetadata'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly postSyncSession: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description A new value for each request: a repetition with the same value is stored once */
        readonly 'Idempotency-Key'?: components['parameters']['IdempotencyKey'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody: {
      readonly content: {
        readonly 'application/json': {
          readonly cacheReadTokens?: number;
          readonly cacheWriteTokens?: number;
          readonly completionTokens?: number;
          readonly cost?: number;
          /** @description Milliseconds since the epoch; seconds, ISO 8601 and RFC 2822 are understood, too */
          readonly createdAt?: unknown;
          readonly durationMs?: number;
          readonly endReason?: string;
          /** @description The plugin's id of the session */
          readonly externalId: string;
          readonly forkedFromExternalId?: string;
          readonly messageCount?: number;
          readonly model?: string;
          readonly parentExternalId?: string;
          readonly projectName?: string;
          readonly projectPath?: string;
          readonly promptTokens?: number;
          readonly provider?: string;
          readonly reasoningTokens?: number;
          readonly source?: string;
          readonly title?: string;
          readonly toolCallCount?: number;
          readonly totalTokens?: number;
        } & {
          readonly [key: string]: unknown;
        };
      };
    };
    readonly responses: {
      /** @description It is on disk */
      readonly 200: {
        headers: {
          readonly 'Osk-Sequence': components['headers']['sequence'];
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SessionStored'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
  readonly getSyncSessionsList: {
    readonly parameters: {
      readonly query?: never;
      readonly header?: {
        /** @description The `Osk-Sequence` of a write: the answer waits, for up to 2 s, until that write is visible */
        readonly 'Osk-Wait-Sequence'?: components['parameters']['WaitSequence'];
      };
      readonly path?: never;
      readonly cookie?: never;
    };
    readonly requestBody?: never;
    readonly responses: {
      /** @description The ids that plugins gave them, newest first */
      readonly 200: {
        headers: {
          readonly 'X-Request-Id': components['headers']['requestId'];
          readonly [name: string]: unknown;
        };
        content: {
          readonly 'application/json': components['schemas']['SyncedSessions'];
        };
      };
      readonly default: components['responses']['Error'];
    };
  };
}
