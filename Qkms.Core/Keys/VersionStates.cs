using System.Buffers;
using System.Globalization;
using System.Text;

namespace Qkms.Core.Keys;

/// <summary>
/// The state of every version of a key, as the key's own sealed row holds it: the row of a version that is genuine and older, put back
/// alone, disagrees with it. Run-length coded, so that a key with thousands of retired versions says so in a few characters.
/// </summary>
/// <remarks>
/// The text is one run after the other from version 1 on, with a space between: how many versions, a letter for their state
/// (<c>a</c> active, <c>r</c> retired, <c>v</c> revoked, <c>d</c> destroyed, <c>?</c> unknown) and their
/// <see cref="KeyVersion.RowVersion"/>. <c>2997r2 1v3 1a1</c> are 2,999 versions. Neighbours never say the same, so that there is one text.
/// </remarks>
/// <param name="Text">The text; empty for a key without a version.</param>
internal readonly record struct VersionStates(string Text)
{
    /// <summary>Of a key without a version.</summary>
    public static readonly VersionStates None = new("");

    // The letter of a version whose row was damaged when the states were first collected: no row is ever what it says.
    private const char Unknown = '?';

    /// <summary>Whether it says of the number, state and row version of a version what the version's row says.</summary>
    public bool Hold(KeyVersion version)
    {
        int first = 1;
        foreach (Range part in Text.AsSpan().Split(' '))
        {
            if (!TryRead(Text.AsSpan(part), out Run run))
                return false;

            if (version.Version - first < run.Length)
                return version.Version >= first && run.Letter == LetterOf(version.State) && run.RowVersion == version.RowVersion;

            first += run.Length;
        }

        return false;
    }

    /// <summary>The states after a version was added, which is the next one, or changed.</summary>
    public VersionStates With(KeyVersion version) => With(version.Version, new Run(1, LetterOf(version.State), version.RowVersion));

    /// <summary>The states after a version was added of which nothing is known.</summary>
    public VersionStates WithUnknown(int number) => With(number, new Run(1, Unknown, 0));

    private VersionStates With(int number, Run single)
    {
        StringBuilder text = new(Text.Length + 16);
        Run last = default;
        int first = 1;
        foreach (Run run in Read())
        {
            int before = Math.Clamp(number - first, 0, run.Length);
            bool isIn = before < run.Length && number >= first;
            Append(text, ref last, run with { Length = before });
            if (isIn)
                Append(text, ref last, single);

            Append(text, ref last, run with { Length = run.Length - before - (isIn ? 1 : 0) });
            first += run.Length;
        }

        if (number > first)
            throw new ArgumentOutOfRangeException(nameof(number), "Versions are added one after the other.");

        if (number == first)
            Append(text, ref last, single);

        Write(text, last);
        return new VersionStates(text.ToString());
    }

    private List<Run> Read()
    {
        List<Run> runs = [];
        foreach (Range part in Text.AsSpan().Split(' '))
        {
            if (TryRead(Text.AsSpan(part), out Run run))
                runs.Add(run);
            else if (Text.Length > 0)
                throw new InvalidOperationException("The states of a key's versions have a form that this version of Qkms does not know.");
        }

        return runs;
    }

    private static void Append(StringBuilder text, ref Run last, Run next)
    {
        if (next.Length == 0)
            return;

        if (last.Length > 0 && last.Letter == next.Letter && last.RowVersion == next.RowVersion)
        {
            last = last with { Length = last.Length + next.Length };
            return;
        }

        Write(text, last);
        last = next;
    }

    private static void Write(StringBuilder text, Run run)
    {
        if (run.Length > 0)
            text.Append(text.Length > 0 ? " " : "").Append(CultureInfo.InvariantCulture, $"{run.Length}{run.Letter}{run.RowVersion}");
    }

    private static bool TryRead(ReadOnlySpan<char> part, out Run run)
    {
        run = default;
        int letter = part.IndexOfAny(_letters);
        if (letter < 0
            || !int.TryParse(part[..letter], NumberStyles.None, CultureInfo.InvariantCulture, out int length)
            || length == 0
            || !long.TryParse(part[(letter + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long rowVersion))
            return false;

        run = new Run(length, part[letter], rowVersion);
        return true;
    }

    private static readonly SearchValues<char> _letters = SearchValues.Create("arvd?");

    private static char LetterOf(KeyState state) => state switch
    {
        KeyState.Active => 'a',
        KeyState.Retired => 'r',
        KeyState.Revoked => 'v',
        KeyState.Destroyed => 'd',
        _ => throw new InvalidOperationException("A key version has a state that this version of Qkms does not know."),
    };

    private readonly record struct Run(int Length, char Letter, long RowVersion);
}
