import { AwsError, type Instant } from '../../contracts.ts';

/** What a function is at one time: of its unpublished version, or frozen in a published one. */
export interface FunctionSettings {
  readonly Role: string;
  readonly Description: string;
  readonly Timeout: number;
  readonly MemorySize: number;
  readonly Environment?: { readonly Variables?: Readonly<Record<string, string>> };
  readonly imageUri: string;
  /** Of the image when its URI was set: Lambda resolves a tag once (developer guide, "Create a Lambda function using a container image"). */
  readonly digest: string;
}

export interface Version {
  /** `$LATEST`, or a number. */
  readonly version: string;
  readonly settings: FunctionSettings;
  readonly revisionId: string;
  readonly modifiedAt: Instant;
}

export interface Alias {
  readonly name: string;
  version: string;
  description: string;
  /** Of the one other version that gets a part of the traffic. */
  additional?: { readonly version: string; readonly weight: number };
  revisionId: string;
}

export interface FunctionState {
  readonly name: string;
  readonly arn: string;
  latest: Version;
  readonly published: Version[];
  readonly aliases: Map<string, Alias>;
}

/** API: FunctionConfiguration. */
export const configurationView = ({ name, arn }: FunctionState, found: Version, qualified: boolean): object => ({
  FunctionName: name,
  FunctionArn: qualified ? `${arn}:${found.version}` : arn,
  Role: found.settings.Role,
  Description: found.settings.Description,
  Timeout: found.settings.Timeout,
  MemorySize: found.settings.MemorySize,
  LastModified: new Date(found.modifiedAt).toISOString().replace('Z', '+0000'),
  // Of an image: the digest of its manifest, in hex. [unconfirmed]
  CodeSha256: found.settings.digest.replace(/^sha256:/, ''),
  CodeSize: 0,
  Version: found.version,
  ...(found.settings.Environment === undefined ? {} : { Environment: found.settings.Environment }),
  RevisionId: found.revisionId,
  State: 'Active',
  LastUpdateStatus: 'Successful',
  PackageType: 'Image',
  Architectures: ['x86_64'],
});

/** API: AliasConfiguration. */
export const aliasView = ({ arn }: FunctionState, alias: Alias): object => ({
  AliasArn: `${arn}:${alias.name}`,
  Name: alias.name,
  FunctionVersion: alias.version,
  Description: alias.description,
  ...(alias.additional === undefined
    ? {}
    : { RoutingConfig: { AdditionalVersionWeights: { [alias.additional.version]: alias.additional.weight } } }),
  RevisionId: alias.revisionId,
});

/** Words seen in the field (hashicorp/terraform-provider-aws, aws/serverless-application-model). */
export const notFound = (what: string, arn: string): AwsError =>
  new AwsError('ResourceNotFoundException', `${what} not found: ${arn}`, 404);
export const invalid = (message: string): AwsError => new AwsError('InvalidParameterValueException', message);
export const exists = (what: string, arn: string): AwsError =>
  new AwsError('ResourceConflictException', `${what} already exist: ${arn}`, 409);
/** API: RevisionId, "Update … only if the revision ID matches the ID that's specified". */
export const outdated = (): AwsError =>
  new AwsError(
    'PreconditionFailedException',
    'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    412,
  );
