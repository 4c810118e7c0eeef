import { redacted, redactedWords } from '../secrets.ts';
import { withoutUndefined } from '../without-undefined.ts';
import { asText, isCutOff, networkCauseOf } from './causes.ts';

/**
 * The one place that distinguishes AWS errors: by `name` and message prefix, never by HTTP status or class (DESIGN §7 rule 10).
 * SageMaker answers almost everything with an un-modelled ValidationException and status 400, so only the words differ. Quotes
 * around ARNs differ between AWS and emulators, so nothing after the prefix is matched.
 */
export type ErrorClass =
  | 'not-found'
  | 'already-exists'
  | 'in-progress'
  | 'throttled'
  | 'access-denied'
  | 'expired-credentials'
  | 'no-credentials'
  | 'conflict'
  | 'precondition-failed'
  | 'quota'
  | 'capacity'
  | 'transient'
  | 'unreachable'
  | 'clock-skew'
  | 'validation'
  | 'aborted'
  | 'other';

/** The classifier's input; every SDK error has these members. The sender adds `call`: `sagemaker:UpdateEndpoint`. */
interface AwsErrorShape {
  readonly name: string;
  readonly message: string;
  readonly call?: string;
  readonly code?: string;
  /** Added by s3.ts: the bucket of the call, and its required owner. */
  readonly bucket?: { readonly name: string; readonly owner: string; readonly region?: string };
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

const byName: Readonly<Record<string, ErrorClass>> = Object.fromEntries(
  (
    [
      ['aborted', 'AbortError'],
      [
        'throttled',
        'Throttled Throttling ThrottlingException ThrottledException RequestLimitExceeded TooManyRequestsException SlowDown' +
          ' PriorRequestNotComplete BandwidthLimitExceeded RequestThrottled RequestThrottledException' +
          ' ModelNotReadyException',
      ],
      ['expired-credentials', 'ExpiredToken ExpiredTokenException RequestExpired TokenRefreshRequired'],
      [
        'no-credentials',
        'CredentialsProviderError CredentialsUnavailable UnrecognizedClientException InvalidClientTokenId InvalidAccessKeyId' +
          ' MissingAuthenticationToken MissingAuthenticationTokenException SignatureDoesNotMatch InvalidSignatureException',
      ],
      ['access-denied', 'AccessDenied AccessDeniedException UnauthorizedOperation NotAuthorized Forbidden 403'],
      [
        'not-found',
        'ResourceNotFound ResourceNotFoundException ObjectNotFoundException NoSuchKey NoSuchBucket NoSuchVersion NoSuchUpload NotFound' +
          ' RepositoryNotFoundException ImageNotFoundException JobNotFoundException ActionTypeNotFoundException' +
          ' PipelineNotFoundException PipelineExecutionNotFoundException' +
          ' ApplicationDoesNotExistException DeploymentGroupDoesNotExistException DeploymentConfigDoesNotExistException' +
          ' DeploymentDoesNotExistException ClusterNotFoundException ServiceNotFoundException',
      ],
      ['precondition-failed', 'PreconditionFailed 412'],
      [
        'quota',
        'ResourceLimitExceeded LimitExceeded LimitExceededException LimitExceededFault ServiceQuotaExceededException',
      ],
      ['capacity', 'InsufficientInstanceCapacity InsufficientCapacityException CapacityError'],
      [
        'conflict',
        'ConflictException ResourceInUse ResourceInUseException OperationAborted' +
          // CodePipeline: another worker has the job, or it has ended (API reference, AcknowledgeJob and PutJobSuccessResult).
          ' InvalidNonceException InvalidJobStateException',
      ],
      [
        'transient',
        'TimeoutError RequestTimeout RequestTimeoutException InternalFailure InternalError InternalServerError InternalServerException' +
          ' InternalServiceError InternalServiceException InternalServiceFault ServerException ServiceUnavailable ServiceUnavailableException' +
          // Both mean: another writer is active at this moment, send it again (S3 and Application Auto Scaling API references).
          ' ConditionalRequestConflict ConcurrentUpdateException IDPCommunicationError',
      ],
      [
        'validation',
        'ValidationException ValidationError InvalidParameterException InvalidParameterValue InvalidParameterValueException' +
          ' InvalidParameterCombination MissingParameter InvalidRequest SerializationException',
      ],
    ] as const
  ).flatMap(([kind, names]) => names.split(' ').map((name) => [name, kind] as const)),
);

/** Words with a meaning under any error name; checked first, the more specific ones before the others. */
const byMessage: readonly (readonly [RegExp, ErrorClass])[] = [
  [/security token (included in the request )?is expired|token (has )?expired/i, 'expired-credentials'],
  [/^Rate exceeded/, 'throttled'],
  [/^Cannot update in-progress endpoint/, 'in-progress'],
  [/^Cannot create already existing /, 'already-exists'],
  [/^Model Package Group already exists/i, 'already-exists'],
  [/^Could not find /, 'not-found'],
  [/^Requested resource not found/, 'not-found'],
  // GetModelPackageGroupPolicy; words in the field (hashicorp/terraform-provider-aws, model_package_group_policy.go).
  [/^Cannot find (resource policy|Model Package Group)/, 'not-found'],
  [/ does not exist\.?$/, 'not-found'],
  // DescribeTaskDefinition; words in the field (aws/aws-cli, kayac/ecspresso).
  [/^Unable to describe task definition/, 'not-found'],
  [/not authorized to perform:? /i, 'access-denied'],
  [/does not have application-autoscaling:\w+ permission/, 'access-denied'],
  [/^The account-level service limit /, 'quota'],
  [/^(CapacityError: )?Unable to provision requested ML compute capacity/, 'capacity'],
  [/^There is not enough hardware resources on the instances/, 'capacity'],
  [/^Request to service failed/, 'transient'],
];

/** Node's words for a connection that broke. ENOTFOUND is not among them: an unknown host name is a wrong setting. */
const brokenConnection = /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN)$/;
/** The request never left this machine, or its connection was never made, so it had no effect. */
const neverSent =
  /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|.*CERT.*|UNABLE_TO_VERIFY_LEAF_SIGNATURE)$/;

/** The error of credentials.ts for a role that could not be assumed; it names the side that has to change. */
const credentialsUnavailable = 'CredentialsUnavailable';

export const classify = (error: unknown): ErrorClass => {
  const shape = shapeOf(error);
  if (shape.name === 'AbortError') return 'aborted';
  // It quotes AWS's answer to the assumption of the role; the words are not about the call that needed it.
  if (shape.name === credentialsUnavailable) return 'no-credentials';
  // The answer of a model, which AWS quotes (AWS: InvokeEndpoint).
  if (shape.name === 'ModelError') return 'other';
  if (shape.code !== undefined && brokenConnection.test(shape.code)) return 'transient';
  if (isCutOff(shape)) return 'transient';
  const cause = networkCauseOf(error);
  if (cause) return cause.kind;
  const named = Object.hasOwn(byName, shape.name) ? byName[shape.name] : undefined;
  const worded = byMessage.find(([pattern]) => pattern.test(shape.message))?.[1];
  if (worded && !(named && firm.has(named) && harmless.has(worded))) return worded;
  if (isNullMessageThrottle(shape)) return 'throttled';
  return named ?? unnamed(shape);
};

/** With these names AWS looked at nothing: the words beside them may quote any text, and prove nothing absent or present. */
const firm: ReadonlySet<ErrorClass> = new Set(['access-denied', 'throttled', 'no-credentials', 'precondition-failed']);
const harmless: ReadonlySet<ErrorClass> = new Set(['not-found', 'already-exists', 'in-progress']);

/**
 * The Runtime throttles with a 400 whose message is null (opensearch-project/ml-commons#2429). S3 answers HEAD without a body, so
 * an empty message means nothing there.
 */
const isNullMessageThrottle = ({ name, message, call, $metadata }: AwsErrorShape): boolean =>
  $metadata?.httpStatusCode === 400 &&
  (message === '' || message === 'null' || message === 'UnknownError') &&
  (Object.hasOwn(byName, name) ? byName[name] : 'validation') === 'validation' &&
  !call?.startsWith('s3:');

/** The answer had no name (S3 HEAD has no body, a proxy sends HTML): only the status is left. */
const unnamed = ({ name, $metadata }: AwsErrorShape): ErrorClass => {
  const status = $metadata?.httpStatusCode;
  if (status === undefined) return 'other';
  if (status >= 500) return 'transient';
  if (!withoutName.test(name)) return 'other';
  const known: Readonly<Record<number, ErrorClass>> = {
    403: 'access-denied',
    404: 'not-found',
    412: 'precondition-failed',
    429: 'throttled',
  };
  return known[status] ?? 'other';
};

/** The SDK's name for an error without a name in the answer. */
const withoutName = /^(Unknown|UnknownError|Error)$/;

/** Whether AWS may have carried out the failed call all the same. */
export const mayHaveBeenApplied = (error: unknown): boolean => {
  const kind = classify(error);
  const { code = '', message } = shapeOf(error);
  return (
    (kind === 'transient' || kind === 'unreachable' || (kind === 'other' && isUnread(error))) &&
    !neverSent.test(code) &&
    // The proxy made no tunnel.
    !/^Bad response: \d/.test(message)
  );
};

/** The answer, or the broken connection, names no AWS error: the SDK puts `$fault` on the errors it could read. */
const isUnread = (error: unknown): boolean =>
  error instanceof Error &&
  (!('$fault' in error) || withoutName.test(error.name)) &&
  ('$metadata' in error || 'code' in error);

/** No answer from AWS: the call never reached it, or a device between this machine and AWS answered in its place. */
export const isUnreachable = (error: unknown): boolean =>
  neverSent.test(shapeOf(error).code ?? '') || networkCauseOf(error)?.kind === 'unreachable';

/** Time, another turn or other credentials may cure it. */
const passing: ReadonlySet<ErrorClass> = new Set([
  'throttled',
  'transient',
  'unreachable',
  'clock-skew',
  'aborted',
  'expired-credentials',
  'no-credentials',
]);

/** An AWS answer carries metadata, a sent call carries its name; an error with neither is ours, or has a known class. */
export const isFromAws = (error: unknown): error is Error =>
  error instanceof Error && ('$metadata' in error || 'call' in error || classify(error) !== 'other');

/** AWS refused, and a repetition changes nothing. A lost answer (retry.ts) is not a refusal. */
export const isRefused = (error: unknown): boolean =>
  isFromAws(error) && error.name !== 'AnswerLost' && !passing.has(classify(error));

/** UpdateEndpoint and CreateEndpoint look up two configurations, the requested one and the serving one; either may be missing. */
export const missesConfig = (error: unknown): boolean =>
  classify(error) === 'not-found' && shapeOf(error).message.startsWith('Could not find endpoint configuration');

/** CreateEndpointConfig looks up its models. */
export const missesModel = (error: unknown): boolean =>
  classify(error) === 'not-found' && shapeOf(error).message.startsWith('Could not find model "');

/** The answer, or undefined when the requested object does not exist. Other errors pass. */
export const orUndefined = async <Answer>(answer: Promise<Answer>): Promise<Answer | undefined> => {
  try {
    return await answer;
  } catch (error) {
    if (classify(error) === 'not-found') return undefined;
    throw error;
  }
};

export interface MissingPermission {
  /** `sagemaker:UpdateEndpoint`. */
  readonly action: string;
  /** AWS's own name; absent when AWS gives none. */
  readonly resource?: string;
}

const remedies = new WeakMap<Error, string>();

/** Adds a remedy that only the caller of AWS knows to a denial's description: the policy that has to change, and its statement. */
export const withRemedy = (error: unknown, remedy: string): unknown => {
  if (error instanceof Error) remedies.set(error, remedy);
  return error;
};

/** The permission that an access-denied error misses, as far as AWS names it; undefined for any other error. */
export const permissionOf = (error: unknown): MissingPermission | undefined => {
  if (classify(error) !== 'access-denied') return undefined;
  const { message, call } = shapeOf(error);
  const match = /not authorized to perform:? ([\w-]+:\w+)(?: on resource: (\S+))?/i.exec(message);
  const action =
    match?.[1] ?? /does not have (application-autoscaling:\w+) permission/.exec(message)?.[1] ?? iamAction(call);
  if (action === undefined) return undefined;
  // AWS quotes the resource in some services and ends the sentence after it in others.
  const resource = match?.[2]?.replace(/^["']|["'.,)]+$/g, '');
  return resource ? { action, resource } : { action };
};

/** Calls whose IAM action has another name (AWS Service Authorization Reference, S3). */
const iamAction = (call: string | undefined): string | undefined => {
  const renamed: Readonly<Record<string, string>> = {
    's3:HeadObject': 's3:GetObject',
    's3:CopyObject': 's3:PutObject',
    's3:ListObjectsV2': 's3:ListBucket',
  };
  return call !== undefined && Object.hasOwn(renamed, call) ? renamed[call] : call;
};

/**
 * One sentence: the call, AWS's message, the missing permission if it is one, and the request id for AWS support. It holds no
 * secret, whatever the source of the error (DESIGN §7 rule 16).
 */
export const describe = (error: unknown): string => redacted(wordsOf(error));

const wordsOf = (error: unknown): string => {
  const shape = shapeOf(error);
  // This function already composed the text of `Throttled`, and that is the name of a wait, not of its cause.
  if (shape.name === credentialsUnavailable || shape.name === 'Throttled') return shape.message;
  const request = shape.$metadata?.requestId ? ` (request ${shape.$metadata.requestId})` : '';
  const cause = networkCauseOf(error);
  if (cause) return `${shape.call ? `${shape.call} failed: ` : ''}${cause.because}${request}`;
  const permission = permissionOf(error);
  if (permission) {
    const remedy = error instanceof Error ? remedies.get(error) : undefined;
    const on = permission.resource ? ` on ${permission.resource}` : remedy === undefined ? bucketHint(shape) : '';
    const how = remedy === undefined ? '' : `: ${remedy}`;
    return `${shape.call ?? 'AWS'} was denied: grant ${permission.action}${on}${request}${how}`;
  }
  return `${shape.call ? `${shape.call} failed: ` : ''}${elsewhere(shape) ?? `${words(shape)}${missingBucket(shape)}`}${request}`;
};

/**
 * Without permission to list the bucket, S3 denies access to an absent object; without the key, to a checksum. HEAD has no body to
 * explain either (S3 API reference).
 */
const bucketHint = ({ call, bucket }: AwsErrorShape): string =>
  [
    call === 's3:HeadObject' ? ', s3:ListBucket if absent, kms:Decrypt if encrypted' : '',
    // S3 gives the same answer when the bucket belongs to another account (S3 user guide, bucket owner condition).
    bucket
      ? `; or bucket ${bucket.name} does not belong to the account ending in ${bucket.owner.slice(-4)}: then name its owner under \`bucket-owners\` in the manifest`
      : '',
  ].join('');

/** S3 sends a request for a bucket of another region away (S3 user guide, "Methods for accessing a bucket"). HEAD has no body to name it. */
const elsewhere = ({ name, bucket, $metadata }: AwsErrorShape): string | undefined =>
  bucket?.region !== undefined &&
  (/^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException)$/.test(name) ||
    $metadata?.httpStatusCode === 301)
    ? `bucket ${bucket.name} is in ${bucket.region}, which is not the region of the environment: name a bucket in that region, or correct \`region\``
    : undefined;

/** S3 refused the call because the bucket is in another region; `describe` names it. */
export const isInAnotherRegion = (error: unknown): boolean => elsewhere(shapeOf(error)) !== undefined;

/** A command creates the default bucket, once. */
const missingBucket = ({ name, bucket }: AwsErrorShape): string =>
  name === 'NoSuchBucket' && bucket
    ? ` (${bucket.name})${bucket.name.startsWith('model-delivery-') ? ': create it with `model-delivery create-bucket`' : ''}`
    : '';

/** The SDK's advice for programmers who can inspect its objects. */
const sdkAdvice = /\s+Deserialization error: to see the raw response/;

const words = ({ name, message, $metadata }: AwsErrorShape): string => {
  // The parser's own words name a class of this process, and quote the answer.
  if (name === 'SyntaxError' || isCutOff({ name, message }))
    return `the answer could not be read${$metadata?.httpStatusCode === undefined ? '' : ` (HTTP ${$metadata.httpStatusCode})`}: it broke off, or a device between this machine and AWS answered`;
  const [known = ''] = message.split(sdkAdvice);
  // Node's word for it (IncomingMessage).
  if (known === 'aborted') return 'the connection broke off in the middle of the answer';
  const own = known && known !== 'UnknownError' ? known : undefined;
  const who = withoutName.test(name) ? undefined : name;
  if (own === undefined) return who ?? `an answer without a message (HTTP ${$metadata?.httpStatusCode ?? 'unknown'})`;
  return who === undefined || own.startsWith(who) ? own : `${who}: ${own}`;
};

/**
 * Causes in an endpoint's FailureReason. Prefixes only; AWS's words about alarms and timeouts are not documented, so they are not
 * here.
 */
export type FailureCause =
  | 'health-check'
  | 'capacity'
  | 'quota'
  | 'container-start'
  | 'artifact-download'
  | 'service'
  | 'unknown';

const failureCauses: readonly (readonly [RegExp, FailureCause])[] = [
  [/did not pass the ping health check/, 'health-check'],
  [/^(CapacityError: )?Unable to provision requested ML compute capacity/, 'capacity'],
  [/^There is not enough hardware resources on the instances/, 'capacity'],
  [/^The account-level service limit /, 'quota'],
  [/^CannotStartContainerError/, 'container-start'],
  // aws/sagemaker-python-sdk#1835: the image is gone, or the role may not pull it.
  [/^Please make sure all images included in the model/, 'container-start'],
  [/^Failed to (download|extract) model data/, 'artifact-download'],
  [/^Request to service failed/, 'service'],
];

/** The cause a `FailureReason` names, `unknown` when it names none that is known. */
export const failureCause = (failureReason: string): FailureCause =>
  failureCauses.find(([pattern]) => pattern.test(failureReason))?.[1] ?? 'unknown';

/** The SDK copies these members from the answer into the error, whatever they hold: a map as well as a text. */
const shapeOf = (error: unknown): AwsErrorShape => {
  if (!(error instanceof Error)) return { name: 'Error', message: typeof error === 'string' ? error : 'unknown' };
  const { call, code, bucket, $metadata } = error as AwsErrorShape;
  return {
    name: asText(error.name) || 'Error',
    message: asText(error.message),
    ...(typeof call === 'string' ? { call } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    // S3's own errors may carry a member of this name, which is text.
    ...(typeof bucket === 'object' ? { bucket } : {}),
    ...withoutUndefined({ $metadata }),
  };
};

/** Puts the call's name on the error, so that a report can name the refused call. */
export const named = (error: unknown, call: string): unknown =>
  error instanceof Error && !('call' in error) ? Object.assign(error, { call }) : error;

/**
 * Removes the secrets from an error that comes from AWS, before any other code reads it. A denial names resources, and a resource
 * may have the same name as a variable's value; it quotes no value.
 */
export const withoutSecretsIn = (error: unknown): unknown => {
  // The SDK copies these members from the answer into the error, whatever they hold.
  if (!(error instanceof Error) || typeof error.message !== 'string') return error;
  const clean = classify(error) === 'access-denied' ? redacted : redactedWords;
  const message = clean(error.message);
  if (message === error.message) return error;
  if (error.stack !== undefined) error.stack = clean(error.stack);
  error.message = message;
  return error;
};

/** An answer with AWS's own sentence about a failure; it may quote its subject as an error does. */
export const withoutSecretsInReason = <Answer>(answer: Answer): Answer => {
  if (typeof answer !== 'object' || answer === null || !('FailureReason' in answer)) return answer;
  const { FailureReason: reason } = answer;
  return typeof reason === 'string' ? { ...answer, FailureReason: redactedWords(reason) } : answer;
};
