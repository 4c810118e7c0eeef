import * as z from 'zod/mini';
import { withoutUndefined } from '../without-undefined.ts';
import type { RegistrySpec } from './manifest.ts';
import * as v from './values.ts';

const about = z.describe;

const elsewhere = 'belongs to another account than the registry';

const inParts = z.pipe(
  v
    .mapping({
      account: v.accountId().check(about('Account that owns the model package group; twelve digits in quotes.')),
      region: z.optional(v.region().check(about("Its region; default: the environment's."))),
      role: z.optional(
        v
          .role()
          .check(
            about(
              "Role in that account, its name or ARN, which the environment's credentials assume. Without it the group's resource policy decides.",
            ),
          ),
      ),
      'registrar-role': z.optional(
        v
          .role()
          .check(
            about(
              'Role that `register-model` assumes instead: only it needs to write to the registry. Default: `role`.',
            ),
          ),
      ),
      'approver-role': z.optional(
        v
          .role()
          .check(
            about(
              'Role that `approve-gate` assumes instead when its mode decides: only it needs to write there. Default: `role`.',
            ),
          ),
      ),
      artifacts: z.optional(
        v
          .s3Folder()
          .check(
            about(
              'Where `register-model` keeps artifacts and evaluations; default: `model-delivery-<account>-<region>` of that account.',
            ),
          ),
      ),
    })
    .check(
      z.refine(({ account, role }) => v.isRoleOf(account, role), { error: elsewhere, path: ['role'] }),
      z.refine(({ account, 'registrar-role': role }) => v.isRoleOf(account, role), {
        error: elsewhere,
        path: ['registrar-role'],
      }),
      z.refine(({ account, 'approver-role': role }) => v.isRoleOf(account, role), {
        error: elsewhere,
        path: ['approver-role'],
      }),
    ),
  z.transform(
    ({ 'registrar-role': registrarRole, 'approver-role': approverRole, ...raw }): RegistrySpec =>
      withoutUndefined({ ...raw, registrarRole, approverRole }),
  ),
);

const group =
  /^arn:aws[a-z-]*:sagemaker:([a-z0-9-]+):(\d{12}):model-package-group\/([a-zA-Z0-9](-*[a-zA-Z0-9]){0,62})$/;

const partsOf = (arn: string): RegistrySpec => {
  const [, region, account = '', name] = group.exec(arn) ?? [];
  return withoutUndefined({ account, region, group: name });
};

const error = "a registry; expected an account with region and role, or a model package group's ARN";

/** Both spellings: `{ account, region, role }`, or the ARN of the group. */
export const registry = () =>
  z
    .union([z.pipe(z.string({ error }).check(z.regex(group, { error })), z.transform(partsOf)), inParts], { error })
    .check(
      about(
        "Owner of the model package group, when it is another account: `{ account, region, role }`, or the group's ARN. Versions, approvals and artifacts are looked up there.",
      ),
    );
