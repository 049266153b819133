/**
 * Every image that an installation may need, one a line: what to mirror where no registry can be reached.
 * @param {import('./objects.mjs').KubernetesObject[]} objects rendered with everything on
 */
export function imagesOf(objects) {
  const images = new Set();
  const visit = (value) => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      for (const [name, child] of Object.entries(value)) {
        if ((name === 'containers' || name === 'initContainers') && Array.isArray(child))
          for (const { image } of child) images.add(image);
        visit(child);
      }
    }
  };
  visit(objects);
  return `${[...images].sort().join('\n')}\n`;
}
