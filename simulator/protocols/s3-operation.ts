import type { S3Operations } from '../members.ts';
import type { WireRequest } from '../wire.ts';

/**
 * The operation of a request, by the method, the path and the parameters that S3's model binds it to: the one that asks for most of
 * the request. `?acl` makes GetObjectAcl of a GetObject; a parameter that no operation has makes no difference (as at AWS).
 * @returns what the model does not have by method and parameters: `POST Object`, `PUT Object ?…`
 */
export const s3OperationOf = (tables: S3Operations, request: WireRequest, bucket: string, key: string): string => {
  const path = bucket === '' ? '/' : key === '' ? '/{Bucket}' : '/{Bucket}/{Key+}';
  const isGiven = (name: string): boolean =>
    request.query.has(name) || request.headers[name.toLowerCase()] !== undefined;
  const fitting = Object.entries(tables).flatMap(([operation, { method, path: template, required = [] }]) => {
    const [wanted, parameters = ''] = template.split('?');
    if (method !== request.method || wanted !== path) return [];
    const named = [...new URLSearchParams(parameters)];
    const fits = named.every(([name, value]) =>
      value === '' ? request.query.has(name) : request.query.get(name) === value,
    );
    if (!fits) return [];
    if (required.every(isGiven)) return [{ operation, demands: named.length + required.length }];
    // Its own parameter names an operation alone when no other has it: GetObjectAttributes without its header is no GetObject.
    return named.length > 0 ? [{ operation, demands: named.length - 0.5 }] : [];
  });
  const most = Math.max(...fitting.map(({ demands }) => demands));
  const [best] = fitting.filter(({ demands }) => demands === most);
  return best?.operation ?? `${request.method} ${key === '' ? 'Bucket' : 'Object'}`;
};
