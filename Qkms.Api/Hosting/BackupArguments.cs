namespace Qkms.Api.Hosting;

/// <summary>The arguments of a command on a backup: its file, its own words, and settings of the service.</summary>
/// <param name="File">The file; null where there is none.</param>
/// <param name="Words">The words of its own that were given, with their values: <c>--sample</c> and "20".</param>
/// <param name="Options">The settings.</param>
internal sealed record BackupArguments(string? File, IReadOnlyDictionary<string, string> Words, string[] Options)
{
    /// <summary>Whether a word was given.</summary>
    public bool Has(string word) => Words.ContainsKey(word);

    /// <summary>Parts them. The file is the one argument that stands before all settings.</summary>
    /// <param name="arguments">The arguments behind the command.</param>
    /// <param name="words">The words that the command knows; one that ends with '=' has a value.</param>
    public static BackupArguments Split(string[] arguments, params string[] words)
    {
        string? file = null;
        Dictionary<string, string> own = new(StringComparer.Ordinal);
        List<string> options = [];
        foreach (string argument in arguments)
        {
            string? word = Array.Find(
                words, word => word.EndsWith('=') ? argument.StartsWith(word, StringComparison.Ordinal) : argument == word);
            if (word is not null)
                own[word.TrimEnd('=')] = argument[word.Length..];
            else if (file is null && options.Count == 0 && !argument.StartsWith('-'))
                file = argument;
            else
                options.Add(argument);
        }

        return new BackupArguments(file, own, [.. options]);
    }
}
