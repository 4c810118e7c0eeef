import { AwsError } from '../contracts.ts';
import { malformedXml } from '../protocols/xml.ts';

export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** S3 user guide, "Categorizing your objects using tags". */
const limits = { ofObject: 10, ofBucket: 50, keyLength: 128, valueLength: 256 };
const allowed = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** Of the header `x-amz-tagging`: `key1=value1&key2=value2`. @throws AwsError */
export const tagsOfHeader = (header: string | undefined): readonly Tag[] => {
  if (header === undefined) return [];
  const parsed = [...new URLSearchParams(header)].map(([Key, Value]) => ({ Key, Value }));
  // A comma where the parameters are separated is no value of theirs.
  if (isRepeated(parsed) || /=[^&]*=/.test(header))
    throw new AwsError(
      'InvalidArgument',
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      400,
      { ArgumentName: 'x-amz-tagging', ArgumentValue: header },
    );
  return checked(parsed, 'object');
};

/** Of the document of PutObjectTagging and PutBucketTagging. @throws AwsError */
export const tagsOfDocument = (
  given: readonly Readonly<Record<string, string>>[],
  owner: 'object' | 'bucket',
): readonly Tag[] => {
  const parsed = given.map(({ Key, Value }) => {
    if (Key === undefined || Value === undefined) throw malformedXml();
    return { Key, Value };
  });
  if (isRepeated(parsed)) {
    const TagKey = parsed.find(({ Key }, index) => parsed.findIndex((other) => other.Key === Key) < index)?.Key ?? '';
    throw new AwsError('InvalidTag', 'Cannot provide multiple Tags with the same key', 400, { TagKey });
  }
  return checked(parsed, owner);
};

const isRepeated = (tags: readonly Tag[]): boolean => new Set(tags.map(({ Key }) => Key)).size < tags.length;

const checked = (tags: readonly Tag[], owner: 'object' | 'bucket'): readonly Tag[] => {
  const most = owner === 'object' ? limits.ofObject : limits.ofBucket;
  if (tags.length > most)
    throw new AwsError(
      'BadRequest',
      `${owner === 'object' ? 'Object' : 'Bucket'} tags cannot be greater than ${most}`,
      400,
    );
  for (const { Key, Value } of tags) {
    if (Key.startsWith('aws:'))
      throw new AwsError(
        'InvalidTag',
        owner === 'object'
          ? 'Your TagKey cannot be prefixed with aws:'
          : 'System tags cannot be added/updated by requester',
        400,
        { TagKey: Key },
      );
    if (Key === '' || Key.length > limits.keyLength || !allowed.test(Key))
      throw new AwsError('InvalidTag', 'The TagKey you have provided is invalid', 400, { TagKey: Key });
    if (Value.length > limits.valueLength || !allowed.test(Value))
      throw new AwsError('InvalidTag', 'The TagValue you have provided is invalid', 400, {
        TagKey: Key,
        TagValue: Value,
      });
  }
  return tags;
};
