/** A composite checksum is one over the parts' checksums (`…=-3`), not of the content (S3 user guide, "Checking object integrity"). */
export const wholeObjectSha256 = ({
  ChecksumSHA256: base64,
  ChecksumType: type,
}: {
  readonly ChecksumSHA256?: string | undefined;
  readonly ChecksumType?: string | undefined;
}): string | undefined =>
  base64 === undefined || type === 'COMPOSITE' || /-\d+$/.test(base64)
    ? undefined
    : Buffer.from(base64, 'base64').toString('hex');
