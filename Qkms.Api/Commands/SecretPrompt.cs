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

    /// <summary>
    /// A share of a root key, to be disposed of by the caller; null where an empty line or the end of the input says that there is none any
    /// more.
    /// </summary>
    public static SecretBytes? AskShare()
    {
        using SecretBytes line = SecretBytes.Allocate(ShareText.MaxLength, out Span<byte> buffer);
        int length;
        if (Console.IsInputRedirected)
        {
            using Stream input = Console.OpenStandardInput();
            length = ReadLine(input, buffer);
        }
        else
        {
            length = Ask("Share (nothing where there is none): ", buffer);
        }

        ReadOnlySpan<byte> share = buffer[..length].TrimEnd("\r\n"u8);
        return share.IsEmpty ? null : SecretBytes.CopyOf(share);
    }

    /// <summary>The first line of a stream, as a passphrase.</summary>
    internal static Passphrase ReadLine(Stream input)
    {
        using SecretBytes line = SecretBytes.Allocate(Passphrase.MaxLength + 2, out Span<byte> buffer);
        return Passphrase.Read(buffer[..ReadLine(input, buffer)], Input);
    }

    // Byte by byte: what stands behind the line is for the next question.
    private static int ReadLine(Stream input, Span<byte> buffer)
    {
        int length = 0;
        while (length < buffer.Length && input.Read(buffer[length..(length + 1)]) == 1)
        {
            if (buffer[length++] == '\n')
                break;
        }

        return length;
    }

    private static Passphrase Ask(string prompt)
    {
        using SecretBytes line = SecretBytes.Allocate(Passphrase.MaxLength + 8, out Span<byte> buffer);
        return Passphrase.Read(buffer[..Ask(prompt, buffer)], Terminal);
    }

    private static int Ask(string prompt, Span<byte> buffer)
    {
        Console.Error.Write(prompt);
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
        return length;
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
