// A chat with a bot: a text that begins with `@bot ` is a question to an HTTP API like OpenAI's. Its answer comes word by word, while the
// chat goes on.

import { room } from 'ws-host-guest';

const CALL = '@bot ';

export default {
  async onMessage(client, text) {
    if (typeof text !== 'string') return;
    room.broadcast(`guest ${client.id}: ${text}`);
    if (text.startsWith(CALL)) await answer(client, text.slice(CALL.length));
  },

  /** An instance before this one has asked. Its words are sent already; the others follow. */
  async onOrphan({ response, rest, error }) {
    await told(async () => {
      if (error) throw error;
      await speak(response ?? rest);
    });
  },
};

async function answer(client, question) {
  const { OPENAI_BASE_URL = 'https://api.openai.com/v1', OPENAI_API_KEY = '', OPENAI_MODEL = 'gpt-4o-mini' } = process.env;
  await told(async () => {
    const response = await fetch(`${OPENAI_BASE_URL}/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${OPENAI_API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: OPENAI_MODEL, stream: true, messages: [{ role: 'user', content: question }] }),
      context: { asker: client.id },
    });
    await speak(response);
  });
}

/** Broadcasts each word as it comes, and at the end all of them. */
async function speak(response) {
  if (response.ok === false) {
    room.broadcast(`* The bot does not answer: ${response.status}`);
    await response.body?.cancel();
    return;
  }
  let all = '';
  for await (const word of words(response.body)) {
    all += word;
    room.broadcast(`bot+ ${word}`);
  }
  room.broadcast(`bot: ${all}`);
}

/** Reads server-sent events. A piece may end within a line, or within a character. */
async function* words(body) {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of body) {
    text += decoder.decode(piece, { stream: true });
    const lines = text.split('\n');
    text = lines.pop();
    for (const line of lines) {
      const data = /^data: ?(.*?)\r?$/.exec(line)?.[1];
      if (data === '[DONE]') return;
      const word = data && JSON.parse(data).choices?.[0]?.delta?.content;
      if (word) yield word;
    }
  }
}

/** Tells everybody of a failed request. Other errors are the bot's own. */
async function told(ask) {
  try {
    await ask();
  } catch (error) {
    if (!error.cause?.code) throw error;
    room.broadcast(`* The bot does not answer: ${error.cause.code}`);
  }
}
