namespace Qkms.Storage.Sessions;

/// <summary>A connection that runs statements faster than by commands with named parameters.</summary>
internal interface IRunsRows
{
    /// <summary>Runs a change with the values of each row in turn; the number of rows that they touched.</summary>
    /// <param name="sql">The change. Its parameters are numbered in the order in which they first stand in it.</param>
    /// <param name="rows">Of each row the values in that order: null, text, whole numbers and bytes.</param>
    int RunEach(string sql, IEnumerable<object?[]> rows);

    /// <summary>Whether a SELECT gives a row.</summary>
    /// <param name="sql">The SELECT; its parameters as above.</param>
    /// <param name="values">Their values.</param>
    bool Finds(string sql, IEnumerable<object?> values);
}
