using System.Security.Cryptography;
using System.Text;
using Qkms.Core.Keyrings;
using Qkms.Core.Secrets;

namespace Qkms.Api.Commands;

/// <summary>Asks for secrets: on a terminal without an echo, otherwise from a line of standard input.</summary>
internal static class SecretPrompt
{
    private const string Terminal = "the terminal";
    private const string Input = "standard input";

    /// <summary>A new passphrase, which a terminal is asked for twice; to be disposed of by the caller.</summary>
    /// <exception cref="RootKeyException">It cannot be used, or was not the same the second time.</exception>
    public static Passphrase AskNewPassphrase()
    {
        if (Console.IsInputRedirected)
        {
            using Stream input = Console.OpenStandardInput();
            return ReadLine(input);
        }

        Passphrase first = Ask("New passphrase: ");
        try
        {
            using Passphrase again = Ask("The same again: ");
            return CryptographicOperations.FixedTimeEquals(first.Text.Span, again.Text.Span)
                ? first
                : throw new RootKeyException("The two passphrases are not the same: nothing was changed.");
        }
        catch
        {
            first.Dispose();
            throw;
        }
    }

    /// <summary>The first line of a stream, as a passphrase.</summary>
    internal static Passphrase ReadLine(Stream input)
    {
        using SecretBytes line = SecretBytes.Allocate(Passphrase.MaxLength + 2, out Span<byte> buffer);
        int length = 0;
        while (length < buffer.Length && input.Read(buffer[length..(length + 1)]) == 1)
        {
            if (buffer[length++] == '\n')
                break;
        }

        return Passphrase.Read(buffer[..length], Input);
    }

    private static Passphrase Ask(string prompt)
    {
        Console.Error.Write(prompt);
        using SecretBytes line = SecretBytes.Allocate(Passphrase.MaxLength + 8, out Span<byte> buffer);
        int length = 0;
        Span<char> pair = stackalloc char[2];
        int held = 0;
        for (ConsoleKeyInfo key = Console.ReadKey(intercept: true); key.Key != ConsoleKey.Enter; key = Console.ReadKey(intercept: true))
        {
            if (key.Key == ConsoleKey.Backspace)
            {
                length = WithoutLast(buffer[..length]);
                continue;
            }

            if (key.KeyChar == '\0' || length + 4 > buffer.Length)
                continue;

            // What lies outside the first plane comes as two characters.
            pair[held++] = key.KeyChar;
            if (held == 1 && char.IsHighSurrogate(key.KeyChar))
                continue;

            length += Encoding.UTF8.GetBytes(pair[..held], buffer[length..]);
            held = 0;
        }

        pair.Clear();
        Console.Error.WriteLine();
        return Passphrase.Read(buffer[..length], Terminal);
    }

    // The bytes of one character: those that go on begin with 10.
    private static int WithoutLast(Span<byte> text)
    {
        int length = text.Length;
        while (length > 0)
        {
            byte last = text[--length];
            text[length] = 0;
            if ((last & 0xC0) != 0x80)
                break;
        }

        return length;
    }
}
