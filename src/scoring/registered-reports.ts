import { createHash } from 'node:crypto';
import { classify, orUndefined } from '../aws/errors.ts';
import type { PackagedContent } from '../endpoint/look.ts';
import { Refusal } from '../operation.ts';
import { grantTo } from '../registry/grant.ts';
import { type PackageReports, type ReportName, reportMembers, reportsOf } from '../registry/package-reports.ts';
import { contentWorld, inRegistry, registryAccount } from '../registry/registry.ts';
import { parseS3Location, type S3Object, s3Uri } from '../registry/s3-object.ts';
import type { World } from '../world.ts';
import { type Serving, servedIn, servedPackage } from './served.ts';

/** The reports that model packages name, byte for byte. */

export type FoundReport =
  | { readonly is: 'file'; readonly name: string; readonly bytes: Buffer }
  /** `why`: a clause. */
  | { readonly is: 'none'; readonly why: string };

/** A report of a thousand columns is below one megabyte. */
export const mostReportBytes = 4 * 1024 * 1024;

/** A clause. */
export const tooLarge = (name: string): string =>
  `${name} is larger than ${mostReportBytes / 1024 / 1024} MB, the largest report that is read`;

/** The package that serves; or why it is not known, as a clause. */
export type ServedPackage =
  | {
      readonly arn: string;
      /** For people: `package churn/7`. */
      readonly name: string;
      readonly reports: PackageReports;
      readonly metadata: Readonly<Record<string, string>>;
      readonly description: string;
    }
  | { readonly why: string };

/** @param look may have read the package already @returns undefined when nothing serves */
export const describeServed = async (
  world: World,
  look: (Serving & Partial<PackagedContent>) | undefined,
): Promise<ServedPackage | undefined> => {
  const served = servedIn(look);
  if (served === undefined) return undefined;
  const ModelPackageName = servedPackage(look);
  if (ModelPackageName === undefined)
    return { why: `model ${served.model}, which serves, was not made of one model package` };
  const owner = ModelPackageName.split(':')[4] ?? world.account.id;
  const { sagemaker } = (owner === registryAccount(world).id ? inRegistry(world) : world).read;
  const name = `package ${ModelPackageName.split('/').slice(1).join('/')}`;
  try {
    const described =
      look?.packaged?.get(served.model) ?? (await orUndefined(sagemaker.describeModelPackage({ ModelPackageName })));
    return described === undefined
      ? { why: `${name}, which serves, was deleted` }
      : {
          arn: ModelPackageName,
          name,
          reports: reportsOf(described),
          metadata: described.CustomerMetadataProperties ?? {},
          description: described.ModelPackageDescription ?? '',
        };
  } catch (error) {
    if (classify(error) !== 'access-denied') throw error;
    return { why: `${name}, which serves, cannot be read: grant sagemaker:DescribeModelPackage on it` };
  }
};

export type ReportReader = (object: S3Object) => Promise<Buffer | undefined>;

/** Several reports may stand in one file, and both versions may name the same one: each object is read once. */
export const reportReader = (world: World): ReportReader => {
  const found = new Map<string, ReturnType<ReportReader>>();
  return ({ bucket: Bucket, key: Key }) => {
    const place = `${Bucket}/${Key}`;
    const reading = found.get(place) ?? contentWorld(world).read.s3.getBytes({ Bucket, Key }, mostReportBytes);
    found.set(place, reading);
    return reading;
  };
};

/** One report of a package, by its member. @param of the package, for people @throws {Refusal} `access-denied` */
export const registeredReport = async (
  world: World,
  read: ReportReader,
  name: ReportName,
  reports: PackageReports,
  of: string,
): Promise<FoundReport> => {
  const file = reports[name];
  if (file === undefined) return { is: 'none', why: `${of} names no such report (${reportMembers[name].join(', ')})` };
  const object = file.uri.startsWith('s3://') ? parseS3Location(file.uri) : undefined;
  if (object === undefined) return { is: 'none', why: `${of} names a report that is no object in S3` };
  const place = s3Uri(object);
  try {
    const bytes = await read(object);
    if (bytes === undefined) return { is: 'none', why: tooLarge(place) };
    const { sha256 } = file;
    if (sha256 !== undefined && createHash('sha256').update(bytes).digest('hex') !== sha256)
      return {
        is: 'none',
        why: `${place} was overwritten after ${of} was registered: it does not have the digest in the package`,
      };
    return { is: 'file', name: place, bytes };
  } catch (error) {
    const kind = classify(error);
    if (kind === 'not-found') return { is: 'none', why: `there is no object ${place}, which ${of} names` };
    if (kind !== 'access-denied') throw error;
    throw new Refusal('access-denied', `${place}, a report of ${of}, cannot be read: ${remedyFor(world, object)}`);
  }
};

/** Both sides must allow it where the registry is another account's. */
const remedyFor = ({ registry }: World, { bucket, key }: S3Object): string => {
  const folder = `arn:${registry?.account.partition ?? 'aws'}:s3:::${bucket}/${key.slice(0, key.lastIndexOf('/') + 1)}*`;
  const own =
    registry === undefined
      ? 'grant s3:GetObject on it'
      : `the policy of the bucket ${bucket} needs ${grantTo(registry.account.id, [registry.readers.caller], ['s3:GetObject'], folder)}, and the caller's own policy has to allow it`;
  return `${own}; without s3:ListBucket on ${bucket} S3 gives the same answer for an object that is absent; or the bucket belongs to another account: name it under \`bucket-owners\``;
};
