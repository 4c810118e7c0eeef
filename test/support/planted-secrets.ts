/**
 * Secrets in the forms in which they enter a delivery. Each place has its own, so that a leak shows its origin. The well-known formats
 * are assembled from pieces here, so that no scanner takes them for real secrets.
 */
export interface Planted {
  readonly place: string;
  readonly secret: string;
}

const made = (n: number): string => `Zq${n}wJalrXUtnFEMI${n}K7MDENGbPxRfiCY${n}`;
/** No part of it looks secret: only its place makes it one. */
const word = (n: number): string => `correct horse ${n}`;

/** By their names in the test. */
export const secrets = {
  'environment of the process: GITHUB_TOKEN': `gh${'s'}_${made(2)}`,
  'environment of the process: runtime token': made(3),
  'proxy: its password': 'proxy-password-4',
  'endpoint URL: its password': 'endpoint-password-5',
  'manifest: a variable': word(6),
  'manifest: a variable in a text': word(7).replaceAll(' ', '-'),
  'manifest: a variable in a list': word(8),
  'manifest: a variable too deep': word(9),
  'manifest: a variable all in its key': word(10),
  'manifest: an alias': 'correct-horse-11',
  'manifest: a tag': 'correct-horse-12',
  'manifest: a KMS key that is none': `${made(13)} `,
  'manifest: an unknown key': 'correct-horse-14',
  'input: a variable': word(15),
  'input: a line without =': 'correct-horse-16',
  'input: a line with = at its end': 'Y29ycmVjdC1ob3JzZS0xNw==',
  'input: metadata': 'correct-horse-18',
  'input: metadata that does not fit': '{"x": "correct horse 19"}',
  'a file: rows that are not JSON': 'correct horse 20',
  'a file: buckets that are none': made(21),
  'AWS quotes: the canonical request': `IQoJb3JpZ2luX2Vj${made(22)}`,
  'AWS quotes: the Authorization header': 'fe5f80f77d5fa3beca038a248ff027d0',
  'AWS quotes: a piece of the header': `c2lnbmF0dXJl${made(24)}`,
  'AWS quotes: a presigned address': made(25),
  'AWS quotes: a security token': `IQoJb3JpZ2luX2Vj${made(26)}`,
  'AWS quotes: a web identity token': `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIyNyJ9.${made(27)}`,
  'AWS quotes: an access key': `AS${'IA'}27IOSFODNN7EXAMP`,
  'registry: a description': made(29),
  'registry: an approval note': `gh${'p'}_${made(30)}`,
  'registry: metadata of another tool': made(31),
  'golden set: a column': word(32),
  'golden set: a column that the request lacks': word(33),
} as const;
export type Place = keyof typeof secrets;

/** The texts of AWS that quote a request (SigV4 troubleshooting, IAM user guide; S3 and STS API references, errors). */
export const awsTexts: Readonly<Record<string, readonly [code: string, message: string]>> = {
  canonical: [
    'InvalidSignatureException',
    `The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.\n\nThe Canonical String for this request should have been\n'POST\n/\n\nhost:api.sagemaker.eu-west-1.amazonaws.com\nx-amz-security-token:${secrets['AWS quotes: the canonical request']}\n\nhost;x-amz-security-token\ne3b0'\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20260105T090000Z\n${secrets['AWS quotes: the canonical request']}'\n`,
  ],
  authorization: [
    'IncompleteSignatureException',
    `Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256 Credential=x/20260105/eu-west-1/sagemaker/aws4_request, SignedHeaders=host, Signature=${secrets['AWS quotes: the Authorization header']}`,
  ],
  piece: [
    'IncompleteSignatureException',
    `'${secrets['AWS quotes: a piece of the header']}' not a valid key=value pair (missing equal-sign) in Authorization header: 'AWS4-HMAC-SHA256 ${secrets['AWS quotes: a piece of the header']}'.`,
  ],
  presigned: [
    'ValidationException',
    `Could not read https://b.s3.eu-west-1.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=${secrets['AWS quotes: a presigned address']}&X-Amz-Security-Token=${encodeURIComponent(secrets['AWS quotes: a security token'])}`,
  ],
  token: [
    'AccessDeniedException',
    `X-Amz-Security-Token: ${secrets['AWS quotes: a security token']}\nis not valid here`,
  ],
  identity: ['ValidationException', `Not a token: ${secrets['AWS quotes: a web identity token']}`],
  key: ['UnrecognizedClientException', `No user has the key ${secrets['AWS quotes: an access key']}`],
  environment: [
    'ValidationException',
    `1 validation error detected: Value '{DB=${secrets['manifest: a variable']}}' at 'primaryContainer.environment' failed to satisfy constraint: Map value must have length less than or equal to 4`,
  ],
  'environment in other words': [
    'ValidationException',
    `The container cannot use ${secrets['manifest: a variable']} for DB.`,
  ],
};
