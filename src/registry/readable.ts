import * as z from 'zod/mini';

const text = () => z.nullish(z.string());
const texts = () => z.nullish(z.array(z.string()));
const s3Source = () =>
  z.nullish(z.looseObject({ S3Uri: text(), S3DataType: text(), CompressionType: text(), ManifestS3Uri: text() }));

/** The members of a package that are read here, in the shapes that AWS documents (API reference, DescribeModelPackage). */
const described = z.looseObject({
  ModelApprovalStatus: text(),
  ApprovalDescription: text(),
  ModelPackageDescription: text(),
  ModelPackageStatus: text(),
  CustomerMetadataProperties: z.nullish(z.record(z.string(), z.string())),
  InferenceSpecification: z.nullish(
    z.looseObject({
      Containers: z.nullish(
        z.array(
          z.looseObject({
            Image: text(),
            ImageDigest: text(),
            ModelDataUrl: text(),
            ModelDataETag: text(),
            ModelDataSource: z.nullish(z.looseObject({ S3DataSource: s3Source() })),
            AdditionalModelDataSources: z.nullish(
              z.array(z.looseObject({ ChannelName: text(), S3DataSource: s3Source() })),
            ),
            AdditionalS3DataSource: s3Source(),
            ContainerHostname: text(),
            ProductId: text(),
            Environment: z.nullish(z.record(z.string(), z.string())),
          }),
        ),
      ),
      SupportedContentTypes: texts(),
      SupportedResponseMIMETypes: texts(),
      SupportedRealtimeInferenceInstanceTypes: texts(),
    }),
  ),
  LastModifiedTime: z.nullish(z.date()),
});

const summary = z.looseObject({
  ModelPackageArn: text(),
  ModelPackageVersion: z.nullish(z.number()),
  ModelPackageDescription: text(),
  ModelApprovalStatus: text(),
  ModelPackageStatus: text(),
});

/** Whether a package, or a line of the listing, has the shape of the SDK's types; the SDK itself checks nothing. */
export const isReadable = (answer: unknown): boolean => z.safeParse(described, answer).success;
export const isListed = (answer: unknown): boolean => z.safeParse(summary, answer).success;
