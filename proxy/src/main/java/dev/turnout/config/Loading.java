package dev.turnout.config;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// One reading of a configuration. Made for it and thrown away; used by one thread.
///
/// Directives are read as they are met, as nginx does, so that the first error is the one nginx
/// gives. After an error in a directive it goes on behind it (and behind its block), to report more
/// than one; after an error of syntax it cannot. In what follows an error nothing is believed that
/// depends on the whole: neither closing readers nor finishers run.
final class Loading {
  private static final int MOST_ERRORS = 20;
  // nginx has no limit and runs out of stack or of file descriptors
  private static final int DEEPEST = 100;

  private final DirectiveRegistry registry;
  private final ConfigFiles files;
  private final String mainFile;
  private final Scope main = Scope.main();
  private final Map<String, SourceFile> sources = new LinkedHashMap<>();
  private final List<SourceFile> parameters = new ArrayList<>();
  private final Deque<String> open = new ArrayDeque<>();
  private final List<ConfigException> errors = new ArrayList<>();
  private @Nullable Set<String> allowed; // null: all
  private @Nullable Compatibility seen; // told of each directive, and of all errors; null: nobody
  private int depth;

  Loading(DirectiveRegistry registry, ConfigFiles files, String mainFile, String prefix) {
    registry.check();
    this.registry = registry;
    this.files = files;
    this.mainFile = mainFile;
    main.set(ConfigLoader.PREFIX, prefix);
    main.set(ConfigLoader.CONF_PREFIX, mainFile.substring(0, mainFile.lastIndexOf('/') + 1));
  }

  /// Reads a text as directives of a block; throws the first error.
  void loadInside(SourceFile text, Scope scope, Set<String> only) {
    allowed = only;
    try {
      readText(Lexer.ofFile(text), scope);
    } catch (ConfigException e) {
      errors.add(e);
    }
    if (!errors.isEmpty()) {
      throw errors.getFirst();
    }
  }

  /// Reads all of it whatever is wrong, and tells `seen` what is there.
  void compare(Compatibility seen) {
    this.seen = seen;
    try {
      readAll(List.of());
    } catch (ConfigException e) {
      errors.add(e);
    }
    seen.files(sources.keySet());
    errors.forEach(seen::refused);
  }

  LoadedConfig load(List<String> globalDirectives) {
    try {
      readAll(globalDirectives);
    } catch (ConfigException e) {
      errors.add(e);
    }
    List<SourceFile> read = new ArrayList<>(sources.values());
    if (!errors.isEmpty()) {
      read.addAll(parameters);
      throw new ConfigLoadException(errors, main.warnings(), read);
    }
    return new LoadedConfig(mainFile, main, read, main.warnings());
  }

  private void readAll(List<String> globalDirectives) {
    for (String text : globalDirectives) {
      SourceFile parameter = SourceFile.of(Position.COMMAND_LINE, text);
      parameters.add(parameter);
      readText(Lexer.ofParameter(parameter), main);
    }
    try {
      SourceFile file = source(mainFile);
      open.push(mainFile);
      readText(Lexer.ofFile(file), main);
    } catch (IOException e) {
      throw ConfigException.withoutPosition(notOpened(mainFile, e));
    }
    if (errors.isEmpty()) {
      registry.finishers().forEach(finisher -> finisher.finish(main));
    }
  }

  /// Reads a file or a `-g` option to its end.
  private void readText(Lexer lexer, Scope scope) {
    for (; ; ) {
      Statement statement = lexer.next();
      switch (statement.end()) {
        case END_OF_TEXT -> {
          return;
        }
        case BLOCK_END -> throw ConfigException.at(statement.endPosition(), "unexpected \"}\"");
        case SEMICOLON, BLOCK_START -> read(lexer, statement, scope);
      }
    }
  }

  /// Reads the directives of a block; returns where its `}` is.
  private Position readBlock(Lexer lexer, Scope scope) {
    for (; ; ) {
      Statement statement = lexer.next();
      switch (statement.end()) {
        case END_OF_TEXT -> throw endInBlock(statement);
        case BLOCK_END -> {
          return statement.endPosition();
        }
        case SEMICOLON, BLOCK_START -> read(lexer, statement, scope);
      }
    }
  }

  private void read(Lexer lexer, Statement statement, Scope scope) {
    Directive directive = statement.directive();
    if (directive.hasBlock() && lexer.isParameter()) {
      throw ConfigException.at(directive, "block directives are not supported in -g option");
    }
    DirectiveDefinition definition;
    try {
      definition = definition(directive, scope.context());
      checkForm(directive, definition, scope);
    } catch (ConfigException e) {
      if (seen != null) {
        seen.met(directive, null);
      }
      report(e);
      skipBlock(lexer, directive);
      return;
    }
    if (seen != null) {
      seen.met(directive, definition);
    }
    switch (definition.body()) {
      case DirectiveDefinition.Simple(Reader reader) -> run(reader, directive, scope);
      case DirectiveDefinition.Include() -> include(directive, name -> readFile(name, scope));
      case DirectiveDefinition.Free(Reader reader) -> readFree(lexer, directive, scope, reader);
      case DirectiveDefinition.Raw(Reader reader) ->
          run(reader, directive.withArgument(lexer.rawBlock()), scope);
      case DirectiveDefinition.Block block -> readInner(lexer, directive, scope, block);
    }
  }

  private DirectiveDefinition definition(Directive directive, Context context) {
    String name = directive.name();
    List<DirectiveDefinition> ofName = registry.find(name);
    Set<String> only = allowed;
    if (only != null && !ofName.isEmpty() && !only.contains(name)) {
      throw ConfigException.at(directive, "directive \"" + name + "\" is only for configurations")
          .withHelp("allowed here: " + String.join(", ", new TreeSet<>(only)));
    }
    for (DirectiveDefinition definition : ofName) {
      if (definition.contexts().contains(context)) {
        return definition;
      }
    }
    if (!ofName.isEmpty()) {
      throw ConfigException.directive(directive, "is not allowed here").withHelp(allowed(ofName));
    }
    String addition = registry.addition(name);
    if (addition != null) {
      throw ConfigException.at(directive, "unknown directive \"" + name + "\"")
          .withHelp("it is one of " + addition + ", which is not part of turnout");
    }
    String refusal = registry.refusal(name);
    if (refusal != null) {
      throw ConfigException.at(
          directive, "\"" + name + "\" is not supported by turnout: " + refusal);
    }
    String module = registry.module(name);
    if (module != null) {
      // the words of an nginx that was built without it come first: tools look for them
      throw ConfigException.at(
          directive,
          "unknown directive \"%s\": \"%s\" is not supported by turnout, it is of %s"
              .formatted(name, name, module));
    }
    throw ConfigException.at(directive, "unknown directive \"" + name + "\"")
        .suggesting(name, registry.names())
        .suggesting(name, registry.namesIn(context));
  }

  private static String allowed(List<DirectiveDefinition> definitions) {
    TreeSet<Context> contexts = new TreeSet<>();
    definitions.forEach(definition -> contexts.addAll(definition.contexts()));
    return "allowed in: " + String.join(", ", contexts.stream().map(Context::text).toList());
  }

  private static void checkForm(Directive directive, DirectiveDefinition definition, Scope scope) {
    String name = directive.name();
    if (directive.hasBlock() && !definition.isBlock()) {
      throw ConfigException.at(directive, "directive \"" + name + "\" is not terminated by \";\"");
    }
    if (!directive.hasBlock() && definition.isBlock()) {
      throw ConfigException.at(directive, "directive \"" + name + "\" has no opening \"{\"");
    }
    if (!definition.arity().allows(directive.argumentCount())) {
      throw ConfigException.at(
              directive, "invalid number of arguments in \"" + name + "\" directive")
          .withHelp("it takes " + definition.arity().text());
    }
    Position before = scope.seen(directive);
    if (before != null && !definition.isRepeatable()) {
      throw ConfigException.directive(directive, "is duplicate")
          .withHelp("the first is in " + before);
    }
  }

  private void readInner(
      Lexer lexer, Directive directive, Scope scope, DirectiveDefinition.Block block) {
    Scope inner = scope.inner(block.opens().apply(scope.context()), directive);
    if (!run(block.opening(), directive, inner)) {
      skipBlock(lexer, directive);
      return;
    }
    scope.attach(inner);
    enter(directive);
    Position end = readBlock(lexer, inner);
    depth--;
    Reader closing = block.closing();
    if (closing != null && errors.isEmpty()) {
      run(closing, directive.closedAt(end), inner);
    }
  }

  /// Collects the lines of a free block and has them read. An error of syntax among them comes
  /// after the errors of the lines before it.
  private void readFree(Lexer lexer, Directive directive, Scope scope, Reader reader) {
    List<Directive> lines = new ArrayList<>();
    try {
      collect(lexer, lines, true);
    } catch (ConfigException e) {
      run(reader, directive.withChildren(lines), scope);
      throw e;
    }
    run(reader, directive.withChildren(lines), scope);
  }

  private void collect(Lexer lexer, List<Directive> lines, boolean block) {
    for (; ; ) {
      Statement statement = lexer.next();
      switch (statement.end()) {
        case END_OF_TEXT -> {
          if (block) {
            throw endInBlock(statement);
          }
          return;
        }
        case BLOCK_END -> {
          if (!block) {
            throw ConfigException.at(statement.endPosition(), "unexpected \"}\"");
          }
          return;
        }
        case BLOCK_START -> throw ConfigException.at(statement.endPosition(), "unexpected \"{\"");
        case SEMICOLON -> {
          Directive line = statement.directive();
          if (line.name().equals("include") && line.argumentCount() == 1) {
            include(line, name -> collect(Lexer.ofFile(source(name)), lines, false));
          } else {
            lines.add(line);
          }
        }
      }
    }
  }

  @FunctionalInterface
  private interface FileReader {
    void read(String name) throws IOException;
  }

  private void include(Directive directive, FileReader reader) {
    String name = FileNames.completed(main.get(ConfigLoader.CONF_PREFIX), directive.argument(0));
    boolean mask = name.indexOf('*') >= 0 || name.indexOf('?') >= 0 || name.indexOf('[') >= 0;
    for (String file : mask ? files.matching(name) : List.of(name)) {
      if (open.contains(file)) {
        report(ConfigException.at(directive, "\"" + file + "\" includes itself"));
        continue;
      }
      enter(directive);
      open.push(file);
      try {
        reader.read(file);
      } catch (IOException e) {
        report(notRead(directive, file, e));
      }
      open.pop();
      depth--;
    }
  }

  private void readFile(String name, Scope scope) throws IOException {
    readText(Lexer.ofFile(source(name)), scope);
  }

  private SourceFile source(String name) throws IOException {
    SourceFile known = sources.get(name);
    if (known == null) {
      known = new SourceFile(name, files.read(name));
      sources.put(name, known);
    }
    return known;
  }

  private static ConfigException notRead(Directive directive, String file, IOException failure) {
    String reason = SystemErrors.text(failure);
    if (reason.endsWith("Is a directory")) { // a directory can be opened, and nginx stumbles later
      return ConfigException.withoutPosition("pread() \"" + file + "\" failed (" + reason + ")");
    }
    return ConfigException.at(directive, notOpened(file, failure));
  }

  private static String notOpened(String file, IOException failure) {
    return "open() \"" + file + "\" failed (" + SystemErrors.text(failure) + ")";
  }

  private void enter(Directive directive) {
    if (++depth > DEEPEST) {
      throw ConfigException.at(directive, "blocks and files are nested too deeply");
    }
  }

  /// Runs a reader; false if it threw.
  private boolean run(Reader reader, Directive directive, Scope scope) {
    try {
      reader.read(directive, scope);
      return true;
    } catch (ConfigException e) {
      report(e.placedAt(directive));
      return false;
    }
  }

  private void report(ConfigException error) {
    if (errors.size() == MOST_ERRORS - 1 && seen == null) {
      throw error; // the last one
    }
    errors.add(error);
  }

  private void skipBlock(Lexer lexer, Directive directive) {
    if (!directive.hasBlock()) {
      return;
    }
    if (isLua(directive.name())) {
      lexer.rawBlock();
      return;
    }
    int inside = 1;
    while (inside > 0) {
      Statement statement = lexer.next();
      if (seen != null && statement.end() != Statement.End.BLOCK_END) {
        seen.skipped();
      }
      switch (statement.end()) {
        case BLOCK_START -> {
          if (isLua(statement.directive().name())) {
            lexer.rawBlock();
          } else {
            inside++;
          }
        }
        case BLOCK_END -> inside--;
        case END_OF_TEXT -> throw endInBlock(statement);
        case SEMICOLON -> {}
      }
    }
  }

  private static boolean isLua(String name) {
    return name.endsWith("_by_lua_block");
  }

  private static ConfigException endInBlock(Statement statement) {
    return ConfigException.at(statement.endPosition(), "unexpected end of file, expecting \"}\"");
  }
}
