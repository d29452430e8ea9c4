namespace Qkms.Api.Commands;

/// <summary>The arguments of a command: a file or a verb, its own words, and settings of the service.</summary>
/// <param name="Operand">The file or the verb; null where there is none.</param>
/// <param name="Words">The words of its own that were given, with their values: <c>--sample</c> and "20".</param>
/// <param name="Options">The settings.</param>
internal sealed record CommandArguments(string? Operand, IReadOnlyDictionary<string, string> Words, string[] Options)
{
    /// <summary>Whether a word was given.</summary>
    public bool Has(string word) => Words.ContainsKey(word);

    /// <summary>Parts them. The operand is the one argument that stands before all settings.</summary>
    /// <param name="arguments">The arguments behind the command.</param>
    /// <param name="words">The words that the command knows; one that ends with '=' has a value.</param>
    public static CommandArguments Split(string[] arguments, params string[] words)
    {
        string? operand = null;
        Dictionary<string, string> own = new(StringComparer.Ordinal);
        List<string> options = [];
        foreach (string argument in arguments)
        {
            string? word = Array.Find(
                words, word => word.EndsWith('=') ? argument.StartsWith(word, StringComparison.Ordinal) : argument == word);
            if (word is not null)
                own[word.TrimEnd('=')] = argument[word.Length..];
            else if (operand is null && options.Count == 0 && !argument.StartsWith('-'))
                operand = argument;
            else
                options.Add(argument);
        }

        return new CommandArguments(operand, own, [.. options]);
    }
}
