import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** service → libs → contracts; no service imports another, except services/opensync, which composes them. */
const layers = [
  { sourceTag: 'layer:contracts', onlyDependOnLibsWithTags: ['layer:contracts'] },
  { sourceTag: 'layer:lib', onlyDependOnLibsWithTags: ['layer:contracts', 'layer:lib'] },
  { sourceTag: 'layer:testkit', onlyDependOnLibsWithTags: ['layer:contracts', 'layer:lib'] },
  { sourceTag: 'layer:service', onlyDependOnLibsWithTags: ['layer:contracts', 'layer:lib'] },
  // Runs in browsers: it knows the API document and no package of the server.
  { sourceTag: 'layer:app', onlyDependOnLibsWithTags: [] },
  {
    sourceTag: 'layer:composition',
    onlyDependOnLibsWithTags: ['layer:contracts', 'layer:lib', 'layer:service'],
  },
  { sourceTag: 'layer:check', onlyDependOnLibsWithTags: ['*'] },
];

const boundaries = (constraints) => ({
  '@nx/enforce-module-boundaries': [
    'error',
    { enforceBuildableLibDependency: false, allow: [], depConstraints: constraints },
  ],
});

// Rules that need types are in .oxlintrc.json. typescript-eslint took ten times as long for them.
export default tseslint.config(
  { ignores: ['**/dist/**', 'build/**', '**/node_modules/**', '.nx/**', 'reports/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.mjs'],
    plugins: { '@nx': nx },
    rules: {
      ...boundaries(layers),
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
  {
    files: ['**/*.spec.ts', '**/conformance/**/*.ts', '**/testing/**/*.ts'],
    rules: boundaries(
      layers.map(({ sourceTag, onlyDependOnLibsWithTags }) => ({
        sourceTag,
        onlyDependOnLibsWithTags: [...onlyDependOnLibsWithTags, 'layer:testkit'],
      })),
    ),
  },
  {
    files: ['scripts/**/*.mjs', 'bench/**/*.ts', 'deploy/image/*.mjs', '**/bin/*.mjs'],
    rules: { 'no-console': 'off' },
  },
  // They run before any package is installed, so they share files by relative paths.
  // For mongosh, whose scripts are CommonJS.
  {
    files: ['deploy/mongo/*.js', 'deploy/k8s/chart/files/mongo/*.js'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  { files: ['services/*/bin/*.mjs', 'scripts/*.mjs'], rules: { '@nx/enforce-module-boundaries': 'off' } },
  prettier,
);
