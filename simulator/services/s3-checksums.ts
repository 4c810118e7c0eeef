import { createHash } from 'node:crypto';
import { AwsError } from '../contracts.ts';
import { crc32, crc32c } from '../crc32.ts';
import { crc64nvme } from '../crc64.ts';

/** S3 user guide, "Checking object integrity in Amazon S3". */
export type Algorithm = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256';
export const algorithms: readonly Algorithm[] = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'];

/** Of a whole object, or of the checksums of its parts: `value` then ends in `-` and their number. */
export interface Checksum {
  readonly algorithm: Algorithm;
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

/** A request's own members: `ChecksumSHA256`, … */
export type Announced = Readonly<Partial<Record<`Checksum${Algorithm}`, string>>> & {
  readonly ContentMD5?: string;
  readonly ChecksumAlgorithm?: string;
};

/** Of a request that has a document as its body: the service model has no members for its digests. */
export const digestsIn = (headers: Readonly<Record<string, string>>): Announced => {
  const md5 = headers['content-md5'];
  const checksums = algorithms.flatMap((algorithm) => {
    const value = headers[`x-amz-checksum-${algorithm.toLowerCase()}`];
    return value === undefined ? [] : [[`Checksum${algorithm}`, value]];
  });
  return { ...Object.fromEntries(checksums), ...(md5 === undefined ? {} : { ContentMD5: md5 }) };
};

export const digest = (algorithm: Algorithm, body: Uint8Array): Buffer => {
  switch (algorithm) {
    case 'SHA1':
    case 'SHA256':
      return createHash(algorithm.toLowerCase()).update(body).digest();
    case 'CRC64NVME':
      return crc64nvme(body);
    case 'CRC32':
    case 'CRC32C': {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE((algorithm === 'CRC32' ? crc32 : crc32c)(body));
      return bytes;
    }
  }
};

const lengths: Readonly<Record<Algorithm, number>> = { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 };

/** @throws AwsError for an algorithm that S3 does not know */
export const algorithmOf = (name: string): Algorithm => {
  const found = algorithms.find((algorithm) => algorithm === name.toUpperCase());
  if (found === undefined)
    throw invalidRequest(
      `Checksum algorithm provided is unsupported. Please try again with any of the valid types: [${algorithms.join(', ')}]`,
    );
  return found;
};

export const invalidRequest = (message: string): AwsError => new AwsError('InvalidRequest', message);

/** The algorithm of the one checksum that a request brings. @throws AwsError for several */
export const announcedIn = (
  input: Announced,
): { readonly algorithm: Algorithm; readonly value: string } | undefined => {
  const given = algorithms.flatMap((algorithm) => {
    const value = input[`Checksum${algorithm}`];
    return value === undefined ? [] : [{ algorithm, value }];
  });
  if (given.length > 1)
    throw invalidRequest('Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.');
  return given[0];
};

/**
 * Compares a body with the digests that came with it.
 * @param expected how a refusal writes the announced MD5: that of an object and that of a part differ
 * @returns the checksum to keep: the announced one, else one of the algorithm that the request names, else CRC64NVME
 */
export const verified = (input: Announced, body: Buffer, expected: 'hex' | 'base64' = 'hex'): Checksum => {
  checkMd5(input.ContentMD5, body, expected);
  const announced = announcedIn(input);
  const algorithm =
    announced?.algorithm ??
    (input.ChecksumAlgorithm === undefined ? 'CRC64NVME' : algorithmOf(input.ChecksumAlgorithm));
  const value = digest(algorithm, body).toString('base64');
  if (announced !== undefined && announced.value !== value) {
    if (!isDigest(announced.value, lengths[algorithm]))
      throw invalidRequest(`Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`);
    throw new AwsError('BadDigest', `The ${algorithm} you specified did not match the calculated checksum.`);
  }
  return { algorithm, value, type: 'FULL_OBJECT' };
};

const isDigest = (text: string, bytes: number): boolean => {
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === bytes && decoded.toString('base64') === text;
};

export const checkMd5 = (given: string | undefined, body: Buffer, expected: 'hex' | 'base64' = 'hex'): void => {
  if (given === undefined) return;
  if (!isDigest(given, 16))
    throw new AwsError('InvalidDigest', 'The Content-MD5 you specified was invalid.', 400, { 'Content-MD5': given });
  const calculated = createHash('md5').update(body).digest('base64');
  if (given !== calculated)
    throw new AwsError('BadDigest', 'The Content-MD5 you specified did not match what we received.', 400, {
      ExpectedDigest: Buffer.from(given, 'base64').toString(expected),
      CalculatedDigest: calculated,
    });
};

export const checksumOf = (algorithm: Algorithm, body: Buffer): Checksum => ({
  algorithm,
  value: digest(algorithm, body).toString('base64'),
  type: 'FULL_OBJECT',
});

/** The members of an answer. */
export const shown = ({ algorithm, value, type }: Checksum): Readonly<Record<string, string>> => ({
  [`Checksum${algorithm}`]: value,
  ChecksumType: type,
});
