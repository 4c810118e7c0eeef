/** A Mermaid diagram, drawn in the browser as GitHub does it. Until then, and without scripts, its text is shown. */
import { useData } from 'vitepress';
import { defineComponent, h, onMounted, ref, watch } from 'vue';

let drawn = 0;

export const Diagram = defineComponent({
  props: { code: { type: String, required: true } },
  setup: ({ code }) => {
    const text = decodeURIComponent(code);
    const svg = ref('');
    const { isDark } = useData();
    const draw = async (): Promise<void> => {
      const { default: mermaid } = await import('mermaid');
      mermaid.initialize({
        startOnLoad: false,
        theme: isDark.value ? 'dark' : 'default',
        // In its own size: a wide one scrolls, so that it can be read on a phone too.
        flowchart: { useMaxWidth: false },
        state: { useMaxWidth: false },
      });
      drawn += 1;
      svg.value = (await mermaid.render(`diagram-${drawn}`, text)).svg;
    };
    onMounted(draw);
    watch(isDark, draw);
    return () =>
      svg.value === '' ? h('pre', { class: 'diagram' }, text) : h('div', { class: 'diagram', innerHTML: svg.value });
  },
});
