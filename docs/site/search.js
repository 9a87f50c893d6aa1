// The search cuts texts into words at blanks, and Chinese has none. So each Chinese character becomes a word of its own,
// in what is searched (message 0 to the search's worker) and in what is asked for (message 2): all of them must be there.
{
  const character = /[\u3400-\u9fff]/g;
  const apart = (text) => text.replace(character, "\u200b$&\u200b");
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message.type === 0) {
      const { config, docs, options } = message.data;
      config.separator = "[\\s\\-\\u200b,.;:()，。；：、！？（）“”]+";
      options.pipeline = options.pipeline.filter((step) => step !== "trimmer"); // it takes Chinese for marks
      for (const doc of docs) {
        doc.title = apart(doc.title);
        doc.text = apart(doc.text);
      }
    } else if (message.type === 2) {
      message.data = message.data.replace(/([\u3400-\u9fff])\*?/g, " +$1 ");
    }
    post.call(this, message, ...rest);
  };
}
