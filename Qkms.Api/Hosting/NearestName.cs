namespace Qkms.Api.Hosting;

/// <summary>Finds what a mistyped name was meant to be, so that a refusal can say so.</summary>
internal static class NearestName
{
    /// <summary>
    /// "Did you mean X?" with the nearest of the known names, or <paramref name="otherwise"/> when none is near. Case and punctuation count
    /// for nothing: they are what is mistyped most.
    /// </summary>
    public static string Hint(string mistyped, IEnumerable<string> known, string otherwise)
    {
        string typed = Letters(mistyped);
        (string name, int edits) = known.Select(name => (name, Edits(typed, Letters(name)))).MinBy(candidate => candidate.Item2);
        return edits <= Math.Max(2, typed.Length / 3) ? $"Did you mean {name}?" : otherwise;
    }

    private static string Letters(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToUpperInvariant();

    /// <summary>How many letters to insert, delete or replace: the Levenshtein distance.</summary>
    private static int Edits(string from, string to)
    {
        int[] above = [.. Enumerable.Range(0, to.Length + 1)];
        for (int row = 1; row <= from.Length; row++)
        {
            int[] here = new int[to.Length + 1];
            here[0] = row;
            for (int column = 1; column <= to.Length; column++)
            {
                int replaced = above[column - 1] + (from[row - 1] == to[column - 1] ? 0 : 1);
                here[column] = Math.Min(replaced, 1 + Math.Min(above[column], here[column - 1]));
            }

            above = here;
        }

        return above[to.Length];
    }
}
