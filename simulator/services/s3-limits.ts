import { AwsError } from '../contracts.ts';

/** S3 user guide, "Naming Amazon S3 objects". */
const longestKeyBytes = 1024;
export const checkKey = (key: string): void => {
  const size = Buffer.byteLength(key);
  if (size > longestKeyBytes)
    throw new AwsError('KeyTooLongError', 'Your key is too long', 400, {
      MaxSizeAllowed: String(longestKeyBytes),
      Size: String(size),
    });
};

/** S3 user guide, "Working with object metadata": the bytes of all names and values, which may be 2 KB. */
const mostMetadataBytes = 2048;
export const metadataOf = (given: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> => {
  const size = Object.entries(given).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0);
  if (size > mostMetadataBytes)
    throw new AwsError('MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', 400, {
      Size: String(size),
      MaxSizeAllowed: String(mostMetadataBytes),
    });
  return given;
};
