import { aliasManifest } from './alias.ts';
import { canary } from './codedeploy.ts';
import { columns, regressionText } from './golden-set.ts';

/** The manifest of an alias with a regression test in lifecycle hooks. @param hooks YAML on one line */
export const hookedManifest = (hooks: string): string => {
  const alias = aliasManifest(canary).replace('deployment-group: live }', `deployment-group: live, hooks: ${hooks} }`);
  const keys = [
    `request: { content-type: application/json, input: [${columns.join(', ')}], body: { instances: [$row] } }`,
    'response: { prediction: "$.predictions[0].predicted_label" }',
  ];
  return `${alias}${regressionText({ keys })}`;
};
