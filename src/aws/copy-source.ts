/** `CopySource` of CopyObject: URL-encoded, slashes kept. Apart from s3.ts, so that its users load no SDK. */
export const copySource = (bucket: string, key: string): string =>
  `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;

/** CopyObject takes no more in one call (S3 API reference, CopyObject). */
export const largestCopyBytes = 5 * 1024 ** 3;
