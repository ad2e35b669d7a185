package dev.turnout.systemtest;

/// [RequestCorpusIT] with everyday modules switched on: none of them changes what is wanted.
class RequestCorpusWithModulesIT extends RequestCorpusIT {
  @Override
  String modules() {
    return EverydayModules.ON;
  }
}
