using System.Diagnostics;

namespace Qkms.Core.Keyrings;

/// <summary>A passphrase, as its bytes in UTF-8, and where it came from.</summary>
[DebuggerDisplay("Passphrase({Source})")]
internal sealed class Passphrase : IDisposable
{
    /// <summary>The shortest that is taken, in bytes: six words, or 16 random characters.</summary>
    public const int MinLength = 16;

    /// <summary>The longest, in bytes.</summary>
    public const int MaxLength = 1024;

    // More than a passphrase of one repeated word or character has.
    private const int FewestDifferent = 8;
    private const string Repair = "Take at least 16 characters, best six words that dice have chosen.";

    private Passphrase(SecretBytes text, string source) => (Text, Source) = (text, source);

    /// <summary>The bytes.</summary>
    public SecretBytes Text { get; }

    /// <summary>Where it came from: a path or a word, never the passphrase.</summary>
    public string Source { get; }

    /// <summary>Takes the first line of what was read: a newline at its end is not part of it.</summary>
    /// <exception cref="RootKeyException">It is empty, too short, too long, of several lines, or of few different characters.</exception>
    public static Passphrase Read(ReadOnlySpan<byte> text, string source)
    {
        int newline = text.EndsWith("\r\n"u8) ? 2 : text.EndsWith("\n"u8) ? 1 : 0;
        ReadOnlySpan<byte> line = text[..^newline];
        string? problem = line switch
        {
            { IsEmpty: true } => "is empty",
            { Length: < MinLength } => $"has less than {MinLength} characters",
            { Length: > MaxLength } => $"is longer than {MaxLength} bytes",
            _ when line.ContainsAny("\r\n\0"u8) => "has several lines, or a zero byte",
            _ when CountDifferent(line) < FewestDifferent => $"has less than {FewestDifferent} different characters",
            _ => null,
        };
        return problem is null
            ? new Passphrase(SecretBytes.CopyOf(line), source)
            : throw new RootKeyException($"The passphrase from {source} cannot be used: it {problem}. {Repair}");
    }

    /// <summary>Zeroes it.</summary>
    public void Dispose() => Text.Dispose();

    /// <summary>Where it came from, never the passphrase.</summary>
    public override string ToString() => $"Passphrase({Source})";

    private static int CountDifferent(ReadOnlySpan<byte> text)
    {
        int different = 0;
        for (int i = 0; i < text.Length; i++)
            different += text[..i].Contains(text[i]) ? 0 : 1;

        return different;
    }
}
