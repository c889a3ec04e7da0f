/* Copy buttons beside what one types, pictures that open in full size, tables that scroll by keyboard. */
addEventListener('DOMContentLoaded', () => {
  const typed = (text) => {
    const lines = text.replace(/\n$/, '').split('\n');
    if (!lines.some((line) => line.startsWith('$ '))) return text;
    const kept = [];
    let goesOn = false;
    for (const line of lines) {
      const starts = line.startsWith('$ ');
      if (starts || goesOn) kept.push(starts ? line.slice(2) : line.replace(/^> /, ''));
      goesOn = (starts || goesOn) && line.endsWith('\\');
    }
    return kept.join('\n') + '\n';
  };
  const copy = async (text) => {
    if (navigator.clipboard) return navigator.clipboard.writeText(text);
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  };
  for (const pre of document.querySelectorAll('div.highlight pre')) {
    const text = pre.textContent;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy';
    button.textContent = 'copy';
    button.addEventListener('click', async () => {
      try {
        await copy(typed(text));
        button.textContent = 'copied';
      } catch {
        button.textContent = 'not copied';
      }
      setTimeout(() => { button.textContent = 'copy'; }, 1500);
    });
    pre.tabIndex = 0;
    pre.parentElement.prepend(button);
  }
  for (const picture of document.querySelectorAll('article img')) {
    if (picture.closest('a')) continue;
    const link = document.createElement('a');
    link.href = picture.src;
    link.className = 'picture';
    link.title = 'Open in full size';
    picture.replaceWith(link);
    link.append(picture);
  }
  for (const table of document.querySelectorAll('.table-wrapper')) table.tabIndex = 0;
});
