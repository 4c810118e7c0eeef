/** `CopySource` of CopyObject: URL-encoded, slashes kept. Apart from s3.ts, so that whoever needs it loads no SDK. */
export const copySource = (bucket: string, key: string): string =>
  `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
